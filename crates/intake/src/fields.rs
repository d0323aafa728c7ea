//! What columns are called, as data: the likeliest words first, Chinese and English.

use gulang_city::{Capability, RegisterKind, TeamTier, UnitKind};
use serde::{Deserialize, Serialize};

/// As `--map` names that a column is left out.
pub const LEFT_OUT: &str = "none";

/// What a column may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Id,
    Name,
    /// Whom to call.
    Person,
    Lon,
    Lat,
    /// Both in one cell.
    Coordinates,
    District,
    Township,
    Village,
    Agency,
    People,
    /// What a team can do.
    Capability,
    Tier,
    /// Team, vehicle, boat …
    Unit,
    /// What it carries.
    Load,
    Stock,
    Capacity,
    Post,
    Rank,
    Phone,
    Radio,
    /// What a point is.
    Kind,
    Note,
}

impl Field {
    const ALL: [Self; 23] = [
        Self::Id,
        Self::Name,
        Self::Person,
        Self::Lon,
        Self::Lat,
        Self::Coordinates,
        Self::District,
        Self::Township,
        Self::Village,
        Self::Agency,
        Self::People,
        Self::Capability,
        Self::Tier,
        Self::Unit,
        Self::Load,
        Self::Stock,
        Self::Capacity,
        Self::Post,
        Self::Rank,
        Self::Phone,
        Self::Radio,
        Self::Kind,
        Self::Note,
    ];

    /// As `--map` names it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Person => "person",
            Self::Lon => "lon",
            Self::Lat => "lat",
            Self::Coordinates => "coordinates",
            Self::District => "district",
            Self::Township => "township",
            Self::Village => "village",
            Self::Agency => "agency",
            Self::People => "people",
            Self::Capability => "capability",
            Self::Tier => "tier",
            Self::Unit => "unit",
            Self::Load => "load",
            Self::Stock => "stock",
            Self::Capacity => "capacity",
            Self::Post => "post",
            Self::Rank => "rank",
            Self::Phone => "phone",
            Self::Radio => "radio",
            Self::Kind => "kind",
            Self::Note => "note",
        }
    }

    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.id() == id.trim())
    }

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Id => "编号",
            Self::Name => "名称",
            Self::Person => "姓名",
            Self::Lon => "经度",
            Self::Lat => "纬度",
            Self::Coordinates => "坐标",
            Self::District => "区",
            Self::Township => "镇街",
            Self::Village => "村居",
            Self::Agency => "单位",
            Self::People => "人数",
            Self::Capability => "类型",
            Self::Tier => "层级",
            Self::Unit => "形式",
            Self::Load => "装备",
            Self::Stock => "物资",
            Self::Capacity => "容量",
            Self::Post => "职务",
            Self::Rank => "顺位",
            Self::Phone => "电话",
            Self::Radio => "电台",
            Self::Kind => "类别",
            Self::Note => "备注",
        }
    }

    /// What headers call it.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Id => {
                &["编号", "编码", "代码", "国标编码", "设备编码", "设备编号", "唯一标识", "id", "code", "objectid"]
            }
            Self::Name => &[
                "名称",
                "队伍名称",
                "单位名称",
                "点位名称",
                "设备名称",
                "摄像头名称",
                "监控名称",
                "仓库名称",
                "物资库名称",
                "避灾点名称",
                "避难场所名称",
                "场所名称",
                "队伍",
                "name",
                "title",
            ],
            Self::Person => &["姓名", "联系人", "联络员", "值班人员", "负责人", "责任人", "name", "person", "contact"],
            Self::Lon => &["经度", "东经", "lng", "lon", "longitude", "x", "x坐标", "经度坐标"],
            Self::Lat => &["纬度", "北纬", "lat", "latitude", "y", "y坐标", "纬度坐标"],
            Self::Coordinates => {
                &["坐标", "经纬度", "地理坐标", "位置坐标", "lnglat", "lonlat", "location", "coordinates"]
            }
            Self::District => &["区", "所属区", "行政区", "行政区划", "所在区", "辖区", "区县", "district", "county"],
            Self::Township => &["镇街", "街道", "镇", "乡镇", "街镇", "乡镇街道", "所属街道", "township", "street"],
            Self::Village => &["村居", "社区", "村", "居委会", "村社区", "village", "community"],
            Self::Agency => {
                &["单位", "部门", "单位名称", "所属单位", "所在单位", "责任单位", "主管部门", "agency", "department"]
            }
            Self::People => {
                &["人数", "队员人数", "队伍人数", "人员数量", "在编人数", "规模", "people", "members", "headcount"]
            }
            Self::Capability => {
                &["类型", "队伍类型", "队伍类别", "专业类型", "专业", "类别", "capability", "type", "category"]
            }
            Self::Tier => &["层级", "级别", "队伍级别", "队伍性质", "性质", "tier", "level"],
            Self::Unit => &["形式", "力量形式", "装备类型", "载具", "unit", "vehicle"],
            Self::Load => &["装备", "主要装备", "装备情况", "配备", "能力说明", "equipment", "load"],
            Self::Stock => {
                &["物资", "储备物资", "主要物资", "物资清单", "库存", "储备情况", "物资种类", "stock", "supplies"]
            }
            Self::Capacity => {
                &["容量", "可容纳人数", "容纳人数", "可安置人数", "安置人数", "避灾人数", "设计容量", "capacity"]
            }
            Self::Post => &["职务", "岗位", "职位", "身份", "post", "role", "position"],
            Self::Rank => &["顺位", "叫应顺序", "顺序", "呼叫顺序", "优先级", "rank", "order", "priority"],
            Self::Phone => &[
                "电话",
                "联系电话",
                "手机",
                "手机号",
                "手机号码",
                "值班电话",
                "联系方式",
                "移动电话",
                "phone",
                "tel",
                "mobile",
            ],
            Self::Radio => &["电台", "频道", "对讲机", "呼号", "radio", "channel"],
            Self::Kind => &["类别", "类型", "种类", "点位类型", "设施类型", "kind", "type", "category", "class"],
            Self::Note => {
                &["备注", "说明", "描述", "地址", "详细地址", "位置", "note", "remark", "address", "description"]
            }
        }
    }

    /// One side of the place.
    pub(crate) fn is_place(self) -> bool {
        matches!(self, Self::Lon | Self::Lat | Self::Coordinates)
    }
}

/// The fields a register has, in the order they are shown.
pub fn fields_of(register: RegisterKind) -> &'static [Field] {
    use Field as F;
    match register {
        RegisterKind::Teams => &[
            F::Id,
            F::Name,
            F::Capability,
            F::Tier,
            F::Unit,
            F::People,
            F::Lon,
            F::Lat,
            F::Coordinates,
            F::District,
            F::Load,
        ],
        RegisterKind::Depots => &[F::Id, F::Name, F::Lon, F::Lat, F::Coordinates, F::District, F::Stock],
        RegisterKind::Shelters => &[F::Id, F::Name, F::Capacity, F::Lon, F::Lat, F::Coordinates, F::District],
        RegisterKind::Cameras => &[F::Id, F::Name, F::Lon, F::Lat, F::Coordinates, F::District],
        RegisterKind::Contacts => {
            &[F::Id, F::Person, F::Phone, F::Post, F::Rank, F::Agency, F::District, F::Township, F::Village, F::Radio]
        }
        RegisterKind::Points => &[F::Id, F::Name, F::Kind, F::Lon, F::Lat, F::Coordinates, F::District, F::Note],
    }
}

/// The fields without which a row is nothing, in words.
pub(crate) fn wanted(register: RegisterKind) -> &'static str {
    match register {
        RegisterKind::Teams => "名称、类型、经度、纬度",
        RegisterKind::Depots | RegisterKind::Cameras | RegisterKind::Points => "名称、经度、纬度",
        RegisterKind::Shelters => "名称、容量、经度、纬度",
        RegisterKind::Contacts => "姓名、电话、单位",
    }
}

/// What a team's type or name says of what it can do; the first that fits.
const CAPABILITIES: [(Capability, &[&str]); 8] = [
    (Capability::Fire, &["消防", "灭火", "森林防火", "fire"]),
    (Capability::Drainage, &["排涝", "排水", "抽排", "防汛抢险", "drainage"]),
    (Capability::Power, &["供电", "电力", "抢修供电", "电网", "发电", "power"]),
    (Capability::Medical, &["医疗", "医学", "卫生", "急救", "120", "medical"]),
    (Capability::Water, &["水上", "海上", "水域", "水下", "搜救", "救生", "供水", "潜水", "water"]),
    (Capability::Look, &["侦察", "侦查", "无人机", "航拍", "look", "drone"]),
    (Capability::City, &["城管", "市政", "环卫", "执法", "公路", "道路", "园林", "city"]),
    (Capability::Rescue, &["救援", "抢险", "应急", "救灾", "危化", "矿山", "地震", "民兵", "rescue"]),
];

pub(crate) fn capability(words: &str) -> Option<Capability> {
    let words = words.to_lowercase();
    let glyph = Capability::ALL.into_iter().find(|it| it.glyph() == words);
    let fits = |(_, any): &&(Capability, &[&str])| any.iter().any(|it| words.contains(it));
    glyph.or_else(|| CAPABILITIES.iter().find(fits).map(|it| it.0))
}

pub(crate) fn tier(words: &str) -> Option<TeamTier> {
    let has = |any: &[&str]| any.iter().any(|it| words.to_lowercase().contains(it));
    if has(&["国家", "综合性", "national"]) {
        Some(TeamTier::National)
    } else if has(&["行业", "专业", "骨干", "trade"]) {
        Some(TeamTier::Trade)
    } else if has(&["社会", "志愿", "蓝天", "social"]) {
        Some(TeamTier::Social)
    } else if has(&["地方", "市级", "区级", "镇", "街", "村", "社区", "基层", "local"]) {
        Some(TeamTier::Local)
    } else {
        None
    }
}

pub(crate) fn unit(words: &str) -> Option<UnitKind> {
    let has = |any: &[&str]| any.iter().any(|it| words.to_lowercase().contains(it));
    if has(&["直升", "helicopter"]) {
        Some(UnitKind::Helicopter)
    } else if has(&["无人机", "drone"]) {
        Some(UnitKind::Drone)
    } else if has(&["泵", "pump"]) {
        Some(UnitKind::Pump)
    } else if has(&["艇", "舟", "船", "boat"]) {
        Some(UnitKind::Boat)
    } else if has(&["车", "vehicle"]) {
        Some(UnitKind::Vehicle)
    } else if has(&["队", "team", "人"]) {
        Some(UnitKind::Team)
    } else {
        None
    }
}
