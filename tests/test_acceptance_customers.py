"""Customer profiles: one YAML file each, edited without losing what a person wrote or what stood there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from acceptance_helper import Ledger, read_csv

FULL = [
    "--short-name",
    "星辰",
    "--kind",
    "company",
    "--level",
    "VIP客户",
    "--contact",
    "王敏",
    "--phone",
    "13800001234",
]
FULL += [
    "--email",
    "wang@example.cn",
    "--address",
    "上海市浦东新区1号",
    "--industry",
    "信息技术服务",
    "--region",
    "华东",
]
FULL += ["--opened-on", "2023-10-08"]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


def test_a_profile_holds_every_option_under_its_own_number(ledger: Ledger) -> None:
    assert ledger("customer", "add", "上海星辰科技有限公司", *FULL, "-q").out == "C20240315001\n"
    assert ledger("customer", "add", "张三", "--kind", "person", "-q").out == "C20240315002\n"
    assert ledger("customer", "add", "李四", "-q", now="2024-03-16T09:00:00+08:00").out == "C20240316001\n"
    profile = ledger.json("customer", "show", "c20240315001")
    expected = {
        "name": "上海星辰科技有限公司",
        "short_name": "星辰",
        "kind": "company",
        "level": "vip",
        "contact": "王敏",
    }
    expected |= {"phone": "13800001234", "email": "wang@example.cn", "address": "上海市浦东新区1号"}
    expected |= {"industry": "信息技术服务", "region": "华东", "opened_on": "2023-10-08"}
    assert {name: profile[name] for name in expected} == expected
    text = ledger.text("customers/C20240315001.yaml")
    assert "name: 上海星辰科技有限公司" in text and "\r" not in text
    assert ledger.json("customer", "show", "张三")["phone"] is None


def test_a_customer_is_found_by_any_unambiguous_word(ledger: Ledger) -> None:
    ledger("customer", "add", "Nova Trading", "--phone", "021-5555-9876")
    ledger("customer", "add", "Nova Shipping", "--short-name", "NS")
    for word in ("C20240315001", "nova trading", "Trad", "9876"):
        assert ledger.json("customer", "show", word)["id"] == "C20240315001", word
    assert ledger.json("customer", "show", "ns")["id"] == "C20240315002"
    vague = ledger("customer", "show", "Nova", code=2)
    assert "C20240315001" in vague.err and "C20240315002" in vague.err
    assert ledger("customer", "show", "Nobody", code=5).out == ""


def test_listing_searches_and_filters(ledger: Ledger) -> None:
    ledger("customer", "add", "上海星辰科技有限公司", *FULL)
    ledger("customer", "add", "Nova", "--level", "战略客户")
    ledger("customer", "add", "张三")
    assert ledger.ids("customer", "list") == ["C20240315001", "C20240315002", "C20240315003"]
    assert ledger.ids("customer", "list", "--level", "strategic") == ["C20240315002"]
    assert ledger.ids("customer", "list", "--search", "星辰") == ["C20240315001"]
    assert ledger.ids("customer", "list", "--search", "nov") == ["C20240315002"]
    assert [row["name"] for row in read_csv(ledger("customer", "list", "-f", "csv").out)][2] == "张三"
    assert ledger("customer", "list", "--level", "gold", code=2).err


def test_bad_or_repeated_profiles_are_refused(ledger: Ledger) -> None:
    ledger("customer", "add", "Nova", "--phone", "1")
    before = ledger.files()
    assert "C20240315001" in ledger("customer", "add", "Nova", code=2).err, "there is one of that name"
    for args in (["--level", "gold"], ["--kind", "robot"], ["--opened-on", "someday"], ["--set", "nosuch=1"]):
        ledger("customer", "add", "Other", *args, code=2)
    ledger("customer", "add", "", code=2)
    ledger("customer", "add", code=2)
    ledger("customer", "edit", "Nova", code=2)
    ledger("customer", "edit", "Nova", "--set", "id=C20240315009", code=2)
    ledger("customer", "edit", "Nova", "--name", "", code=2)
    assert ledger.files() == before


def test_editing_keeps_comments_key_order_and_unknown_keys(ledger: Ledger) -> None:
    ledger("customer", "add", "Nova", "--level", "vip", "--phone", "021-5555-9876")
    path = "customers/C20240315001.yaml"
    lines = ledger.text(path).splitlines()
    lines.insert(1, "# ask for Ms Wang, never call before ten")
    lines.insert(2, "crm_number: 0042  # their own")
    ledger.write(path, "\n".join(lines) + "\n")
    ledger("customer", "edit", "Nova", "--level", "strategic", "--region", "华东", now="2024-03-16T09:00:00+08:00")
    after = ledger.text(path).splitlines()
    assert after[1] == "# ask for Ms Wang, never call before ten" and after[2] == "crm_number: 0042  # their own"
    keys = [line.split(":")[0] for line in after if not line.startswith("#")]
    before = [line.split(":")[0] for line in lines if not line.startswith("#")]
    assert [key for key in keys if key in before] == before
    profile = ledger.json("customer", "show", "Nova")
    assert (profile["level"], profile["region"], profile["phone"]) == ("strategic", "华东", "021-5555-9876")
    assert profile["updated_at"] == "2024-03-16T09:00:00+08:00"
    assert profile["created_at"] == "2024-03-15T14:30:00+08:00"


def test_every_change_stays_in_the_history(ledger: Ledger) -> None:
    ledger("customer", "add", "Nova", "--address", "Old street 1", "--contact", "Ms Wang")
    ledger("customer", "edit", "Nova", "--address", "New road 2", "--as", "eve", now="2024-03-16T09:00:00+08:00")
    ledger("customer", "edit", "Nova", "--set", "contact=", "--name", "Nova Ltd", now="2024-04-16T09:00:00+08:00")
    changes = {change["field"]: change for change in ledger.json("customer", "show", "Nova")["changes"]}
    address = changes["address"]
    assert (address["old"], address["new"], address["actor"]) == ("Old street 1", "New road 2", "eve")
    assert address["at"] == "2024-03-16T09:00:00+08:00"
    assert changes["contact"]["old"] == "Ms Wang" and not changes["contact"]["new"]
    assert (changes["name"]["old"], changes["name"]["new"]) == ("Nova", "Nova Ltd")
    assert "Old street 1" in ledger("customer", "show", "Nova Ltd", "-f", "table").out
    assert "Old street 1" in ledger.text("history/2024-03/0.csv")
    assert "Nova Ltd" in ledger.text("history/2024-04/0.csv")
    ledger("check", now="2024-05-01T09:00:00+08:00")


def test_a_record_keeps_the_name_of_its_time(ledger: Ledger) -> None:
    ledger("customer", "add", "Nova")
    ledger.add({"customer": "Nova"}, flags=())
    ledger("customer", "edit", "Nova", "--name", "Supernova")
    row = ledger.show("001")
    assert (row["customer_name"], row["customer"]["name"]) == ("Nova", "Supernova")
    ledger.add({"customer": "Supernova"}, flags=())
    assert ledger.show("002")["customer_name"] == "Supernova"
    assert len(ledger.ids("list", "--customer", "C20240315001")) == 2


def test_names_with_yaml_in_them_and_links_out_of_the_ledger_do_no_harm(ledger: Ledger) -> None:
    names = ["no", "0042", "a: b # c", "- x", "&a *b", '"quoted"', "null", "2024-03-15", "行一 \\n 二"]
    ledger.add(*({"customer": name} for name in names), flags=("--new-customer",))
    assert [row["name"] for row in ledger.json("customer", "list")] == names
    for word in ("../exlog", "/etc/passwd", "C../../x"):
        ledger("customer", "show", word, code=5)
    outside = ledger.path.parent / "outside.yaml"
    outside.write_text("id: C20240315077\nname: Outsider\n", "utf-8")
    os.symlink(outside, ledger.path / "customers" / "C20240315077.yaml")
    result = ledger("customer", "list", code=None)
    assert "Outsider" not in result.out
