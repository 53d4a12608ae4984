"""The audit log in the browser: what was done is there, is filtered as one chooses, and can be taken along."""

import csv

from kit import Account
from playwright.sync_api import expect
from portal import Visitor


def test_what_was_done_is_there_with_who_did_it_and_is_found_by_its_action(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}")
    page.get_by_text("New key").click()
    page.get_by_label("Label", exact=True).fill("reports")
    page.get_by_role("checkbox", name="contacts:read").check()
    boss.press("Make the key")
    key = boss.secret()
    boss.menu("Audit log")
    rows = page.locator("#rows tbody tr")
    made = rows.filter(has_text="key.").first
    expect(made).to_contain_text("boss")
    action = made.locator("code").inner_text()
    count = rows.count()
    assert count > 1
    page.get_by_label("What", exact=True).select_option(action)
    expect(rows).to_have_count(1)
    page.get_by_label("What", exact=True).select_option("")
    expect(rows).to_have_count(count)
    page.get_by_label("Who", exact=True).select_option("The command line")
    expect(made).to_have_count(0)
    expect(rows).to_contain_text(["account.added"])
    page.get_by_label("Who", exact=True).select_option("Everybody")
    expect(rows).to_have_count(count)
    page.get_by_label("from", exact=True).fill("2020-01-01")
    page.get_by_label("until", exact=True).fill("2020-01-02")
    page.get_by_label("until", exact=True).press("Tab")
    expect(page.locator("#rows")).to_contain_text("No row fits this filter.")
    assert key not in page.content() and boss.loads == 1


def test_the_log_is_taken_along_as_a_table_and_that_is_written_down(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}/audit")
    shown = page.locator("#rows tbody tr").count()
    with page.expect_download() as started:
        page.get_by_role("link", name="Export as CSV").click()
    download = started.value
    assert download.suggested_filename == "audit.csv"
    with open(download.path(), newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= shown >= 1
    page.reload()
    expect(page.locator("#rows tbody tr").first).to_contain_text("export")


def test_the_export_has_what_the_filter_shows(boss: Visitor, account: Account):
    page = boss.go(f"/portal/a/{account.id}/audit")
    page.get_by_label("from", exact=True).fill("2020-01-01")
    page.get_by_label("until", exact=True).fill("2020-01-02")
    page.get_by_label("until", exact=True).press("Tab")
    expect(page.locator("#rows")).to_contain_text("No row fits this filter.")
    with page.expect_download() as started:
        page.get_by_role("link", name="Export as CSV").click()
    with open(started.value.path(), newline="") as file:
        assert list(csv.DictReader(file)) == []
