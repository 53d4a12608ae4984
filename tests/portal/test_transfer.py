"""Contacts in and out of files: looked at, taken, and downloaded, as somebody with a mouse does it."""

from kit import Account
from playwright.sync_api import expect
from portal import NASTY_NAME, Visitor
from test_contacts import add, names

CARDS = f"""BEGIN:VCARD
FN:{NASTY_NAME}
TEL:07911 123456
END:VCARD
BEGIN:VCARD
FN:Ben
TEL:12
END:VCARD
"""


def choose(page, name: str, text: str, kind: str = "text/vcard") -> None:
    page.get_by_label("File", exact=True).set_input_files({"name": name, "mimeType": kind, "buffer": text.encode()})


def test_a_phones_cards_are_looked_at_and_then_come_in(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}/contacts")
    page.get_by_role("link", name="Files", exact=True).click()
    boss.title("Contacts in and out of files")
    page.get_by_label("Country of numbers without a +").fill("GB")
    choose(page, "phone.vcf", CARDS)
    boss.press("Read the file")
    report = page.get_by_role("status")
    expect(report).to_contain_text("What would come of phone.vcf")
    expect(report).to_contain_text("1 added, 0 updated, 0 unchanged, 1 refused.")
    expect(report.get_by_role("cell", name="phone_number", exact=True)).to_be_visible()
    # What was chosen stays chosen, but for the file, which browsers don't let a page fill in.
    expect(page.get_by_label("Country of numbers without a +")).to_have_value("GB")
    expect(page.get_by_label("Only show what would come of it")).not_to_be_checked()
    choose(page, "phone.vcf", CARDS)
    boss.press("Read the file")
    expect(report).to_contain_text("What came of phone.vcf")
    boss.menu("Contacts")
    expect(names(page)).to_have_text([NASTY_NAME])


def test_a_file_that_is_none_is_told_at_its_field(boss: Visitor, account: Account):
    boss.refusals = {422}
    page = boss.go(f"/portal/a/{account.id}/contacts/files")
    choose(page, "picture.png", "x", "image/png")
    boss.press("Read the file")
    expect(page.locator("#file-wrong")).to_contain_text("must end in .vcf")


def test_contacts_are_downloaded_in_each_format(boss: Visitor, account: Account):
    add(account, first_name="Ann", phone_number="+447700900123", labels=["vip"])
    add(account, first_name="Bob", email="bob@example.org")
    page = boss.go(f"/portal/a/{account.id}/contacts/files")
    page.get_by_label("Label", exact=True).fill("vip")
    for button, name, begin in (
        ("CSV", "contacts.csv", "id,first_name,"),
        ("vCard", "contacts.vcf", "BEGIN:VCARD"),
        ("JSON Lines", "contacts.jsonl", '{"id":'),
    ):
        with page.expect_download() as coming:
            boss.press(button)
        download = coming.value
        text = download.path().read_text()
        assert download.suggested_filename == name
        assert text.startswith(begin) and "Ann" in text and "Bob" not in text, text
