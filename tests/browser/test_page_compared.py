"""What a call would change, beside what is there now: on a press, for who may, and in the record."""

from tests.browser.kit import NARROW
from trio_gate.comparison.reads import Sides

WHO = ("alice",)
BEFORE = {
    "PolicyDocument": '{"Statement": [{"Action": "s3:GetObject", "Effect": "Allow", "Resource": "*"}], "Version": "2012-10-17"}'
}
AFTER = {"PolicyDocument": BEFORE["PolicyDocument"].replace("GetObject", "*")}
PRESS = "button:text-is('Compare with now')"


def policy(stage, **more):
    return stage.ask({"RoleName": "deploy"}, service="iam", operation="PutRolePolicy", compared_by=WHO, **more)


def test_the_difference_is_shown_with_its_time_and_reads(visit, stage):
    policy(stage, compared=Sides(before=BEFORE, after=AFTER))
    page = visit().enter()
    page.wait_for_selector(PRESS)
    assert stage.acts == []
    page.click(PRESS)
    page.wait_for_selector(".compared .line")
    assert page.locator(".compared .gone").all_inner_texts() == ['-       "Action": "s3:GetObject",']
    assert page.locator(".compared .come").all_inner_texts() == ['+       "Action": "s3:*",']
    assert "by iam.GetRolePolicy" in page.inner_text(".compared")
    assert [(act["kind"], act["act"]) for act in stage.acts] == [("compare", {"read": "iam.GetRolePolicy"})]


def test_why_it_cannot_be_compared(visit, stage):
    policy(stage)
    page = visit(viewport=NARROW).enter()
    page.wait_for_selector("text=1 call waiting")
    page.keyboard.press("j")
    page.click(PRESS)
    page.wait_for_selector("text=it cannot be compared: there is nothing")


def test_there_is_no_button_for_others(visit, stage):
    policy(stage, compared=Sides(before=BEFORE, after=AFTER))
    page = visit().enter("bob")
    page.wait_for_selector(".call-body")
    assert page.locator(PRESS).count() == 0
