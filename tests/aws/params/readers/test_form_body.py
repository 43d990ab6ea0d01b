"""The strict reader of forms: what it takes and what it refuses."""

from __future__ import annotations

import pytest

from trio_gate.aws.params.readers.form_body import read_form
from trio_gate.errors import Malformed

# --- forms and gzip -----------------------------------------------------------------------------------------------------


FORMS_REFUSED = [
    *(
        b"a=1&a=2",
        b"a=1&%61=2",
        b"a+=1&a%20=2",
        b"=1",
        b"a&&b",
        b"a&",
        b"&a",
        b"a=%zz",
        b"a=%",
        b"a=%4",
        b"a=%u0041",
        b"a=%C0%AE",
    ),
    *(
        b"a=%ED%A0%80",
        b"a=%E9",
        b"a=%00",
        b"%00=a",
        b"a=\xff",
        b"a;b=c",
        b"a=b;c=d",
        b";",
        b"a=b c",
        b" a=b",
        b"a=b\n",
        b"a=b\r\nc",
    ),
    *(b"a=b\tc", b"a=\0", b"a=\x7f", b"a=\xc3\xa9", b"a=\xc2\x85", b"\xef\xbb\xbfa=b"),
]


@pytest.mark.parametrize("data", FORMS_REFUSED, ids=repr)
def test_forms_refused(data):
    with pytest.raises(Malformed):
        read_form(data)


def test_forms_taken():
    assert read_form(b"a=b+c%2B&d%3Be=%C3%A9&f") == {"a": "b c+", "d;e": "é", "f": ""}
    assert read_form(b"a[]=b=c?d/e&a=%3b%0A%7f%c2%85") == {"a[]": "b=c?d/e", "a": ";\n\x7f\u0085"}
    assert read_form(b"a={%22b%22:[1,2]}&c='(*)!@$~|\\^`<>#") == {"a": '{"b":[1,2]}', "c": "'(*)!@$~|\\^`<>#"}
    assert read_form(b"") == {}
