"""Strict readers of bodies, which turn bytes into plain trees and know no model.

Rule: anything that two readers could understand differently is Malformed: duplicates, foreign encodings, lenient numbers,
trailing bytes. No reader follows references or entities, or allocates what a length field merely claims.
"""

MAX_DEPTH = 96
"""Levels of nesting. DynamoDB accepts 32 levels of maps, which are two levels of JSON each."""

MAX_VALUES = 250_000
"""Elements of an XML body or parameters of a form.

CompleteMultipartUpload has 10,000 parts of up to seven elements, PutMetricData 1,000 metrics of 150 values.
"""

MAX_NODES = 1_000_000
"""Opening brackets of a JSON body, items of a CBOR body. BatchWriteItem's 16 MB of the shortest names and values have 700,000."""

MAX_MEMBERS = 150_000
"""Members of one object; growing it moves all of them. A DynamoDB item of 400 KB has room for 80,000."""

MAX_COMMAS = 4_000_000
"""Commas of a JSON body. PutVectors has 500 vectors of 4,096 numbers."""
