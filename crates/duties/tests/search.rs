//! What somebody says on the phone finds the right duty first.

use gulang_duties::{AgencyName, DutyIndex, DutyList, ListError};
use std::sync::LazyLock;

fn agencies() -> Vec<AgencyName> {
    let path = "../../assets/cities/xiamen/agencies.json";
    let text = std::fs::read_to_string(path).expect(path);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    rows.iter().map(|it| AgencyName { id: text(it, "id"), name: text(it, "name"), short: text(it, "short") }).collect()
}

fn shipped() -> DutyList {
    let path = "../../assets/cities/xiamen/duties.json";
    DutyList::from_json(&std::fs::read_to_string(path).expect(path), &agencies()).expect("the shipped list is sound")
}

static INDEX: LazyLock<DutyIndex> = LazyLock::new(|| DutyIndex::build(shipped(), &agencies()).expect("built"));

/// The first duty found begins with this.
fn misses(table: &[(&str, &str)]) -> Vec<String> {
    let mut misses = Vec::new();
    for (said, expected) in table {
        let hits = INDEX.search(said, 5).expect("searched");
        let titles: Vec<&str> = hits.iter().map(|it| it.title.as_str()).collect();
        if !titles.first().is_some_and(|it| it.starts_with(expected)) {
            misses.push(format!("{said}: wanted {expected}, found {titles:?}"));
        }
    }
    misses
}

#[test]
fn what_people_say_finds_the_duty_first() {
    // Not the list's own words: as a caller or a grid worker puts it.
    let said = [
        ("井盖不见了", "窨井盖缺失"),
        ("路面积水", "道路积水"),
        ("树倒了", "树木倒伏"),
        ("门口那个下水道井盖被人偷了", "窨井盖缺失"),
        ("刚才开车过去井盖咣当咣当响", "窨井盖异响"),
        ("湖滨南路一棵大树倒下来压到车", "树木倒伏"),
        ("下穿通道水很深车过不去", "下穿通道"),
        ("小区地下车库进水了", "居民区内涝"),
        ("马路上有个大坑", "城市道路路面坑洞"),
        ("马路突然塌陷了", "道路塌陷"),
        ("楼下闻到很重的煤气味", "燃气泄漏"),
        ("施工队把燃气管挖断了", "燃气管线被挖断"),
        ("半夜还在打桩睡不着", "工地夜间施工噪声"),
        ("红绿灯坏了路口很乱", "交通信号灯故障"),
        ("两车追尾有人受伤", "道路交通事故"),
        ("路灯好几天不亮了", "路灯不亮"),
        ("垃圾桶满了没人收", "垃圾满溢"),
        ("有人半夜偷倒渣土", "建筑垃圾乱倒"),
        ("广告牌被风吹得摇摇晃晃要掉", "店招、广告牌松动"),
        ("共享单车堆成山挡住人行道", "共享单车淤积"),
        ("路边很多小贩摆摊占路", "占道经营"),
        ("楼下烧烤油烟太大", "露天烧烤"),
        ("有人从楼上扔东西下来", "高空抛物"),
        ("电动车推上楼充电", "电动自行车进楼"),
        ("电梯停了人被困在里面", "小区电梯故障"),
        ("家里没有水了", "居民停水"),
        ("河水发黑发臭", "黑臭水体"),
        ("海水漫上来淹到路上", "海水倒灌"),
        ("有人在海边溺水", "海滨涉水救生"),
        ("工地围挡快要倒了", "工地围挡"),
        ("后山滑坡有泥石流", "地质灾害"),
        ("渔排上的人还没上岸", "渔船回港"),
        ("老人走失找不到了", "走失人员"),
        ("老板拖欠工资跑路", "拖欠农民工"),
        ("流浪狗咬人", "流浪犬"),
    ];
    let misses = misses(&said);
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn letters_are_pinyin() {
    let typed = [
        ("jgbjl", "窨井盖缺失"),
        ("jinggaibujianle", "窨井盖缺失"),
        ("shudaole", "树木倒伏"),
        ("dljs", "道路积水"),
        ("井盖bj", "窨井盖缺失"),
        ("GKPW", "高空抛物"),
    ];
    let misses = misses(&typed);
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn nonsense_finds_nothing_and_breaks_nothing() {
    for said in
        ["", "    ", "！！！？？？", "\u{0}\u{1}", "的了吗", "qqqqzzzz", &"水".repeat(10_000), "a AND (b OR", "🌊"]
    {
        let hits = INDEX.search(said, 3).expect("searched");
        assert!(hits.len() <= 3);
    }
    assert!(INDEX.search("qqqqzzzz", 3).expect("searched").is_empty());
    assert_eq!(INDEX.search("", 3).expect("searched").len(), 3);
    assert_eq!(INDEX.search("sw-07", 3).expect("searched")[0].id, "SW-07");
}

#[test]
fn the_shipped_list_is_whole_and_says_it_is_an_example() {
    let list = shipped();
    let areas: std::collections::BTreeSet<&str> = list.duties.iter().map(|it| it.area.as_str()).collect();
    assert!(list.duties.len() >= 200 && areas.len() == 9, "{} in {areas:?}", list.duties.len());
    assert!(list.is_example && list.basis.contains("示例"));
    assert!(list.duties.iter().all(|it| it.clause.contains("示例") && !it.phone.is_empty()));
    let again = DutyList::from_json(&list.to_json().expect("JSON"), &agencies());
    assert_eq!(again, Ok(list));
}

#[test]
fn a_wrong_list_is_refused_by_line() {
    let text = "{\"basis\": \"b\", \"duties\": [\n{\"id\": \"a\", \"area\": \"x\", \"title\": \"t\", \"lead\": \"sz\"},\n\
                {\"id\": \"b\", \"area\": \"x\", \"title\": \"t\", \"lead\": \"nobody\"}\n]}";
    let errors: Vec<ListError> = DutyList::from_json(text, &agencies()).expect_err("refused");
    assert_eq!((errors.len(), errors[0].line), (1, 3));
    assert!(errors[0].what.contains("nobody"), "{errors:?}");
}
