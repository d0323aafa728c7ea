//! Spreadsheets as they come: every row is taken, doubted or refused by number.

use gulang_duties::{AgencyName, ImportError, Imported, import};

fn agencies() -> Vec<AgencyName> {
    let rows = [
        ("sz", "市市政园林局", "市政"),
        ("zf", "市城市管理行政执法局", "执法"),
        ("ga", "市公安局", "公安"),
        ("jj", "市公安局交通警察支队", "交警"),
        ("sl", "市水利局", "水利"),
        ("xf", "市消防救援支队", "消防"),
    ];
    rows.map(|(id, name, short)| AgencyName { id: id.into(), name: name.into(), short: short.into() }).into()
}

fn imported(name: &str) -> Imported {
    let path = format!("tests/fixtures/{name}");
    import(name, &std::fs::read(&path).expect(&path), &agencies()).unwrap_or_else(|why| panic!("{why}"))
}

/// `id area title lead supporting mins` of those kept; row numbers and words of those refused, then of those doubted.
#[track_caller]
fn check(name: &str, kept: &[&str], refused: &[(usize, &str)], doubted: &[(usize, &str)]) {
    let it = imported(name);
    let row = |it: &gulang_duties::Duty| {
        let mins = it.respond_mins.map_or("-".to_owned(), |it| it.to_string());
        format!("{} {} {} {} {} {mins}", it.id, it.area, it.title, it.lead, it.supporting.join(","))
    };
    assert_eq!(it.list.duties.iter().map(row).collect::<Vec<_>>(), kept, "{it:#?}");
    for (faults, expected) in [(&it.refused, refused), (&it.doubted, doubted)] {
        assert_eq!(
            faults.iter().map(|it| it.row).collect::<Vec<_>>(),
            expected.iter().map(|it| it.0).collect::<Vec<_>>(),
            "{faults:#?}"
        );
        for (fault, (_, words)) in faults.iter().zip(expected) {
            assert!(fault.why.contains(words), "{words} not in {}", fault.why);
        }
    }
    // Nothing vanishes: what is not kept is named.
    assert_eq!(it.n_rows, it.n_kept + it.refused.len());
}

#[test]
fn a_messy_gbk_csv() {
    check(
        "messy_gbk.csv",
        &[
            "D0001 市政公用 窨井盖缺失处置 sz ga,jj 120",
            "D0002 市政公用 路灯不亮维修 sz  1440",
            "D0003 街面秩序 占道经营整治 zf ga 30",
        ],
        &[(8, "分节标题"), (10, "没有事项名称"), (11, "牵头部门不认识：星际移民局"), (13, "重复"), (14, "不是事项")],
        &[(9, "配合部门不认识：某某局")],
    );
}

#[test]
fn a_messy_workbook_of_several_sheets() {
    check(
        "messy.xlsx",
        &[
            "101 市政公用 道路积水排除 sz sl,xf 30",
            "102 市政公用 雨水箅子堵塞 sz  15",
            "D0003 市政公用 路灯不亮 sz  -",
            "D0004 交通出行 违法停车处置 jj zf -",
        ],
        &[(4, "「没人管的事」没有牵头部门")],
        &[(6, "编号 101 用过了")],
    );
    let it = imported("messy.xlsx");
    assert_eq!(it.refused[0].sheet.as_deref(), Some("五、交通出行"));
    assert_eq!((it.header_row, it.columns["lead"].as_str()), (3, "市级牵头部门"));
    assert_eq!(it.list.duties[0].phone, "5551234");
}

#[test]
fn what_is_no_list_is_refused_whole() {
    let refused = |name: &str, bytes: &[u8]| import(name, bytes, &agencies()).expect_err("refused");
    assert!(matches!(refused("a.csv", "甲,乙\n1,2\n".as_bytes()), ImportError::NoHeader(_)));
    assert!(matches!(refused("a.xlsx", b"PK nonsense"), ImportError::Workbook(_)));
    assert!(matches!(refused("a.pdf", b""), ImportError::Kind(_)));
    assert!(matches!(refused("a.csv", b""), ImportError::NoHeader(_)));
}
