//! A city's own list of duties out of a spreadsheet, as such lists are: titles above the table, merged cells, blank rows,
//! full-width characters, columns by any of their usual names, CSV in GBK. What cannot be used is refused row by row.

use crate::{AgencyName, Duty, DutyList, search::half_width};
use calamine::{Data, Reader};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    #[serde(skip)]
    pub list: DutyList,
    pub n_kept: usize,
    /// Rows below the headers with anything in them.
    pub n_rows: usize,
    /// The first sheet's, from 1.
    pub header_row: usize,
    /// Which column is what: the header as written.
    pub columns: BTreeMap<&'static str, String>,
    /// Not taken over, or not wholly.
    pub refused: Vec<RowFault>,
    /// Taken over, but something in them was not understood.
    pub doubted: Vec<RowFault>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowFault {
    /// None in a CSV.
    pub sheet: Option<String>,
    /// As the spreadsheet counts, from 1.
    pub row: usize,
    pub why: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("打不开这个表格：{0}；另存为 .xlsx 再试")]
    Workbook(#[from] calamine::Error),
    #[error("读不懂这个 CSV：{0}")]
    Csv(#[from] csv::Error),
    #[error("没有找到表头：前 {0} 行里没有一行同时有「事项」和「牵头部门」这样的列名")]
    NoHeader(usize),
    #[error("不认识的文件类型 {0:?}；要 .xlsx、.xls、.xlsb、.ods 或 .csv")]
    Kind(String),
}

/// The header is sought in so many rows.
const MAX_ROWS_ABOVE: usize = 30;
/// More is no list of duties.
const MAX_CELL_CHARS: usize = 2000;

/// The columns we know and what headers call them, the likeliest first.
const COLUMNS: [(&str, &[&str]); 11] = [
    ("id", &["编号", "事项编号", "编码", "事项编码", "代码"]),
    ("area", &["领域", "方面", "类别", "所属领域", "所属类别", "大类", "一级分类", "分类"]),
    ("title", &["事项名称", "事项", "具体事项", "管理事项", "职责事项", "名称", "标题", "小类"]),
    ("description", &["事项描述", "描述", "内容", "说明", "职责内容", "工作内容", "职责边界"]),
    ("keywords", &["关键词", "关键字", "俗称", "别名", "群众叫法"]),
    ("lead", &["牵头部门", "牵头单位", "责任部门", "主管部门", "责任单位", "主责单位", "主责部门", "牵头"]),
    ("supporting", &["配合部门", "配合单位", "协同部门", "协办单位", "协同单位", "配合"]),
    ("clause", &["条款", "依据", "法律依据", "设定依据", "依据条款"]),
    ("contact", &["联系人", "值班联系人", "值班人员", "联络员", "值守单位"]),
    ("phone", &["联系电话", "电话", "值班电话", "联系方式"]),
    ("respond_mins", &["响应时限", "处置时限", "办理时限", "时限", "响应时间"]),
];

/// Makes duties of a spreadsheet's bytes; `name` tells what kind of file it is.
pub fn import(name: &str, bytes: &[u8], agencies: &[AgencyName]) -> Result<Imported, ImportError> {
    let ending = name.rsplit('.').next().unwrap_or_default().to_lowercase();
    let sheets = match ending.as_str() {
        "csv" | "txt" => vec![(None, csv_rows(bytes)?)],
        "xlsx" | "xlsm" | "xls" | "xlsb" | "ods" => workbook_rows(bytes)?,
        _ => return Err(ImportError::Kind(ending)),
    };
    let mut imported = Imported::default();
    imported.list.basis = format!("导入自 {name}");
    let mut taker = Taker { agencies, imported, titles: HashMap::new(), ids: HashSet::new() };
    let mut has_header = false;
    for (sheet, rows) in sheets {
        has_header |= taker.take_sheet(sheet, &rows);
    }
    if !has_header {
        return Err(ImportError::NoHeader(MAX_ROWS_ABOVE));
    }
    let mut imported = taker.imported;
    imported.n_kept = imported.list.duties.len();
    Ok(imported)
}

/// Rows with their number, cells tidied.
type Rows = Vec<(usize, Vec<String>)>;

fn workbook_rows(bytes: &[u8]) -> Result<Vec<(Option<String>, Rows)>, ImportError> {
    let mut book = calamine::open_workbook_auto_from_rs(std::io::Cursor::new(bytes))?;
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name)?;
        let first = range.start().map_or(0, |(row, _)| row as usize);
        let cell = |it: &Data| match it {
            // Excel keeps 12 as 12.0.
            Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
            Data::Empty | Data::Error(_) => String::new(),
            other => tidy(&other.to_string()),
        };
        let rows = range.rows().enumerate().map(|(i, row)| (first + i + 1, row.iter().map(cell).collect()));
        sheets.push((Some(name), rows.collect()));
    }
    Ok(sheets)
}

fn csv_rows(bytes: &[u8]) -> Result<Rows, ImportError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        // GB 18030 reads all GBK.
        Err(_) => encoding_rs::GB18030.decode(bytes).0,
    };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        // The reader's position is where it began to look: before the blank lines it skipped.
        let row = record.position().map_or(rows.len() + 1, |it| {
            let rest = text.as_bytes().get(it.byte() as usize..).unwrap_or_default();
            let skipped = rest.iter().take_while(|it| matches!(it, b'\n' | b'\r')).filter(|it| **it == b'\n').count();
            it.line() as usize + skipped
        });
        rows.push((row, record.iter().map(tidy).collect()));
    }
    Ok(rows)
}

/// Half width, one space where there were many, none at the ends; `\n` stays, as lists in a cell are written with it.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line: String = line.chars().map(half_width).filter(|it| !it.is_control()).take(MAX_CELL_CHARS).collect();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    lines.filter(|it| !it.is_empty()).collect::<Vec<_>>().join("\n")
}

struct Taker<'a> {
    agencies: &'a [AgencyName],
    imported: Imported,
    /// Area, title and lead → where they stood first.
    titles: HashMap<(String, String, String), String>,
    ids: HashSet<String>,
}

impl Taker<'_> {
    /// `false` if it has no header, and so no duties.
    fn take_sheet(&mut self, sheet: Option<String>, rows: &Rows) -> bool {
        let above = rows.iter().take(MAX_ROWS_ABOVE).enumerate();
        let known = above.filter_map(|(i, (_, cells))| Some((i, columns_of(cells)?)));
        let Some((i_header, columns)) = known.max_by_key(|(i, it)| (it.len(), std::cmp::Reverse(*i))) else {
            return false;
        };
        let (header_row, header) = &rows[i_header];
        if self.imported.header_row == 0 {
            self.imported.header_row = *header_row;
            self.imported.columns = columns.iter().map(|(name, i)| (*name, header[*i].replace('\n', ""))).collect();
        }
        // A sheet for each area is usual; what the sheet is called says nothing where it is Sheet1.
        let mut area = sheet.clone().filter(|it| !it.is_ascii()).map(|it| without_number(&it)).unwrap_or_default();
        for (row, cells) in &rows[i_header + 1..] {
            let filled: Vec<&String> = cells.iter().filter(|it| !it.is_empty()).collect();
            if filled.is_empty() || columns_of(cells).is_some() {
                // Blank, or the header again on a new page.
                continue;
            }
            self.imported.n_rows += 1;
            let fault = |why: String| RowFault { sheet: sheet.clone(), row: *row, why };
            let at = |name: &str| columns.get(name).and_then(|i| cells.get(*i)).map_or("", String::as_str);
            if !at("area").is_empty() {
                area = without_number(at("area"));
            }
            let first = filled[0].as_str();
            if filled.len() == 1 && at("lead").is_empty() && is_heading(first) {
                area = without_number(first);
                self.imported.refused.push(fault(format!("「{first}」是分节标题，已当作领域，不是事项")));
                continue;
            }
            if filled.len() <= 2
                && ["注", "备注", "说明", "合计", "总计", "填表", "制表"].iter().any(|it| first.starts_with(it))
            {
                self.imported.refused.push(fault("说明或合计行，不是事项".into()));
                continue;
            }
            match self.duty_of(&at, &area) {
                Ok((duty, doubts)) => {
                    let place = sheet.as_ref().map_or(format!("第 {row} 行"), |it| format!("{it} 第 {row} 行"));
                    let key = (duty.area.clone(), duty.title.clone(), duty.lead.clone());
                    if let Some(earlier) = self.titles.get(&key) {
                        let why = format!("与{earlier}重复：{}", duty.title);
                        self.imported.refused.push(fault(why));
                        continue;
                    }
                    self.titles.insert(key, place);
                    self.imported.doubted.extend(doubts.into_iter().map(fault));
                    self.ids.insert(duty.id.clone());
                    self.imported.list.duties.push(duty);
                }
                Err(why) => self.imported.refused.push(fault(why)),
            }
        }
        true
    }

    fn duty_of<'b>(&self, at: &dyn Fn(&str) -> &'b str, area: &str) -> Result<(Duty, Vec<String>), String> {
        let mut doubts = Vec::new();
        let title = at("title").replace('\n', "");
        if title.is_empty() {
            return Err("没有事项名称".into());
        }
        let lead = match at("lead") {
            "" => return Err(format!("「{title}」没有牵头部门")),
            named => self.agency(named).ok_or(format!("「{title}」的牵头部门不认识：{}", named.replace('\n', "、")))?,
        };
        let mut supporting = Vec::new();
        for named in split(at("supporting")) {
            match self.agency(&named) {
                Some(id) if id != lead && !supporting.contains(&id) => supporting.push(id),
                Some(_) => {}
                None => doubts.push(format!("「{title}」的配合部门不认识：{named}，略去")),
            }
        }
        let respond_mins = minutes(at("respond_mins"));
        if respond_mins.is_none() && !at("respond_mins").is_empty() {
            doubts.push(format!("「{title}」的时限读不懂：{}，留空", at("respond_mins")));
        }
        let mut id = at("id").replace('\n', "");
        if !id.is_empty() && self.ids.contains(&id) {
            doubts.push(format!("「{title}」的编号 {id} 用过了，另给一个"));
            id.clear();
        }
        if id.is_empty() {
            id = (self.ids.len() + 1..)
                .map(|n| format!("D{n:04}"))
                .find(|it| !self.ids.contains(it))
                .unwrap_or_default();
        }
        let duty = Duty {
            id,
            area: if area.is_empty() { "未分类".into() } else { area.to_owned() },
            title,
            description: at("description").replace('\n', ""),
            keywords: split(at("keywords")),
            lead,
            supporting,
            clause: at("clause").replace('\n', ""),
            contact: at("contact").replace('\n', "、"),
            phone: at("phone").replace('\n', "、"),
            respond_mins,
        };
        Ok((duty, doubts))
    }

    /// By id, name or short name; then by a name within the other, then by the short name within, if only one fits.
    fn agency(&self, named: &str) -> Option<String> {
        let named = forms(named);
        let same = |it: &str| forms(it).iter().any(|form| named.contains(form));
        if let Some(it) = self.agencies.iter().find(|it| it.id == named[0] || same(&it.name) || same(&it.short)) {
            return Some(it.id.clone());
        }
        let within = |a: &str, b: &str| a.chars().count() >= 3 && b.contains(a);
        let near =
            |it: &str| forms(it).iter().any(|it| named.iter().any(|named| within(named, it) || within(it, named)));
        let only = |fits: &dyn Fn(&AgencyName) -> bool| {
            let mut fitting = self.agencies.iter().filter(|it| fits(it));
            fitting.next().filter(|_| fitting.next().is_none()).map(|it| it.id.clone())
        };
        let has_short = |it: &AgencyName| it.short.chars().count() >= 2 && named[0].contains(&it.short);
        only(&|it| near(&it.name)).or_else(|| only(&has_short))
    }
}

/// What is in which column, if this row is a header.
fn columns_of(cells: &[String]) -> Option<BTreeMap<&'static str, usize>> {
    let plain = |it: &String| -> String { it.chars().filter(|it| !it.is_whitespace()).collect() };
    let cells: Vec<String> = cells.iter().map(plain).collect();
    let cells: Vec<&str> = cells.iter().map(|it| it.split('(').next().unwrap_or(it)).collect();
    let mut columns: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (name, called) in COLUMNS {
        let found = called.iter().find_map(|word| cells.iter().position(|it| it == word));
        // Headers also come longer: 市级牵头部门.
        let longer = || {
            let fits = |it: &&str| {
                it.chars().count() <= 12 && called.iter().any(|word| word.chars().count() > 2 && it.contains(word))
            };
            cells.iter().position(fits)
        };
        if let Some(i) = found.or_else(longer).filter(|i| !columns.values().any(|it| it == i)) {
            columns.insert(name, i);
        }
    }
    (columns.contains_key("title") && columns.contains_key("lead")).then_some(columns)
}

/// Lists in a cell.
fn split(text: &str) -> Vec<String> {
    let parts = text.split(['、', ',', ';', '；', '，', '\n', '/', '|']);
    parts.map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

/// An agency's name as it is said: whole, without 厦门市, without 市. 市市政园林局 is also 市政园林局, and so is 厦门市市政园林局.
fn forms(name: &str) -> Vec<String> {
    let name: String = name.chars().filter(|it| !it.is_whitespace()).collect();
    let city = name.strip_prefix("厦门市").filter(|it| !it.is_empty()).unwrap_or(&name).to_owned();
    let bare = city.strip_prefix('市').filter(|it| it.chars().count() > 1).unwrap_or(&city).to_owned();
    let mut forms = vec![name, city, bare];
    forms.dedup();
    forms
}

/// `一、市政公用` → `市政公用`; also `(二)`, `3.`. A number without a mark after it is a word: `一网统管` stays.
fn without_number(text: &str) -> String {
    let text = text.replace('\n', "");
    let text = text.trim();
    let rest = text.trim_start_matches(|it: char| "一二三四五六七八九十0123456789()第".contains(it));
    let name = rest.trim_start_matches(['、', '.', '章', '节', ':', ' ']);
    let is_numbered = rest.len() < text.len() && (name.len() < rest.len() || text.starts_with('('));
    if is_numbered && !name.is_empty() { name.to_owned() } else { text.to_owned() }
}

/// `一、市政公用类`, `(三) 交通`.
fn is_heading(text: &str) -> bool {
    let n = text.chars().count();
    let begins =
        text.starts_with(['(', '第']) || text.chars().next().is_some_and(|it| "一二三四五六七八九十".contains(it));
    n <= 20 && begins && without_number(text) != text.trim()
}

/// `2小时`, `30 分钟`, `1个工作日`, `90`, `即时` (a quarter of an hour, our reading); a bare number is minutes.
fn minutes(text: &str) -> Option<u32> {
    let text: String = text.chars().filter(|it| !it.is_whitespace()).collect();
    if ["即时", "立即", "即刻"].iter().any(|it| text.starts_with(it)) {
        return Some(15);
    }
    let number: String =
        text.chars().skip_while(|it| !it.is_ascii_digit()).take_while(|it| it.is_ascii_digit() || *it == '.').collect();
    let number: f64 = number.parse().ok()?;
    let unit = if text.contains('天') || text.contains('日') {
        24.0 * 60.0
    } else if text.contains("小时") || text.to_lowercase().contains('h') {
        60.0
    } else if text.contains("分") || text.to_lowercase().contains("min") || text.chars().all(|it| it.is_ascii_digit())
    {
        1.0
    } else {
        return None;
    };
    let mins = (number * unit).round();
    (1.0..=525_600.0).contains(&mins).then_some(mins as u32)
}
