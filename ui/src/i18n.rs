//! Every word on the screen: one catalogue, Chinese first, English second. A text without both does not compile.

use gulang_city::*;

/// The language of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    #[default]
    Zh,
    En,
}

impl Lang {
    /// Of what is written beforehand, by the pack.
    pub fn paper(self) -> PaperLang {
        match self {
            Self::Zh => PaperLang::Zh,
            Self::En => PaperLang::En,
        }
    }

    /// What a figure is counted in; may be empty.
    pub fn unit(self, of: &indicators::Definition) -> &str {
        of.unit_in(self.paper())
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }
}

/// One text in both languages. `{}` marks what [`Lang::fill`] puts in, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tr {
    pub zh: &'static str,
    pub en: &'static str,
}

/// The catalogue.
pub mod tr {
    use super::Tr;

    macro_rules! catalogue {
        ($($name:ident = $zh:literal, $en:literal;)*) => {
            $(pub const $name: Tr = Tr { zh: $zh, en: $en };)*
            /// Every text, for tests.
            #[cfg(test)]
            pub const ALL: &[(&str, Tr)] = &[$((stringify!($name), $name)),*];
        };
    }

    catalogue! {
        // top bar
        PRODUCT = "鼓浪", "Gulang";
        CITY_TITLE = "{}城市运行指挥", "{} city command";
        PEACETIME = "平时", "PEACE";
        WARTIME = "战时", "WAR";
        EXERCISE = "演练", "EXERCISE";
        REALM_ACTUAL = "实战", "ACTUAL";
        SIMULATED = "仿真", "simulated";
        SIMULATED_DATA = "仿真数据", "simulated data";
        SIMULATED_PICTURE = "仿真画面", "simulated";
        CONNECTING = "正在连接枢纽", "connecting to the hub";
        HUB_LOST = "与枢纽失联，最后 {}", "hub lost, last heard {}";
        CONNECTORS_OF = "接口 {} / {} 正常", "sources {} / {} healthy";
        SCENARIO_TIME = "想定时间 ×{}", "scenario clock ×{}";
        SCENARIO_PAUSED = "想定时间 暂停", "scenario clock, paused";
        REPLAY_CLOCK = "历史数据 非实时", "history, not live";
        EXERCISE_BANNER = "演练进行中・{}・不对外下发", "EXERCISE・{}・nothing leaves the building";
        EXERCISE_CLOCKS = "想定 {}  实际 {}  倍速 ×{}", "scenario {}  real {}  speed ×{}";
        PAUSE = "暂停", "Pause";
        RESUME = "继续", "Resume";
        END_EXERCISE = "结束演练", "End exercise";
        LEVEL_RESPONSE = "{}级响应", " response {}";
        LEVEL_EMERGENCY = "{}级应急响应", "emergency response {}";
        LEVEL_N = "{}级", "level {}";
        FOR_SO_LONG = "已 {}", "for {}";
        // today
        TODAY = "今日受理", "Taken today";
        TODAY_SUB = "事部件・运管服平台", "cases, city platform";
        TODAY_SHORT = "今日", "today";
        TYPICAL_BY_NOW = "典型日同时段", "typical by now";
        TYPICAL_DAY = "典型日（示例）", "typical day";
        CLOSE_RATE = "今日办结率", "closed today";
        OVERDUE_OPEN = "超期未结", "overdue";
        PER_DAY = "日均约 5,500 件", "about 5,500 a day";
        HOUR = "{}时", "{}h";
        UNIT_CASES = "件", "cases";
        UNIT_PEOPLE = "人", "people";
        UNIT_TEAMS = "支", "teams";
        UNIT_PLACES = "处", "sites";
        UNIT_PERCENT = "%", "%";
        RUNNING = "城市运行", "City";
        RUNNING_SUB = "12 类安全监测", "12 safety figures";
        WATCH_N = "关注 {}", "watch {}";
        WATCH_AND_MORE = "关注 {}・全部指标 F2", "watch {}, all: F2";
        SENSING = "感知在线", "Sensing";
        SENSING_ALL = "物联感知", "sensors";
        SENSING_FLOOD = "内涝与潮位", "flood, tide";
        SENSING_WEATHER = "雨量与风速", "rain, wind";
        SENSING_AIR = "生态环境", "environment";
        SENSING_TEAMS = "队伍定位", "teams";
        SENSING_DRONES = "无人机", "drones";
        SENSING_CAMERAS = "高点视频", "cameras";
        FLOOD_POINTS = "内涝点视频", "flood points";
        FLOW = "案件流转", "Case flow";
        HERE_NOW = "在此", "here now";
        OVERDUE = "超期", "overdue";
        METRICS = "指标墙", "Metrics";
        CLOSE = "关闭", "Close";
        // events
        EVENTS = "事件", "Events";
        EVENTS_SUB = "需要处置", "to act on";
        NO_EVENTS = "没有需要处置的事件", "nothing to act on";
        UNACKNOWLEDGED = "未确认", "new";
        UNACKNOWLEDGED_N = "未确认 {}", "new {}";
        ACKNOWLEDGED = "处置中", "in hand";
        CLEARED_UNSEEN = "已消未确认", "cleared, unseen";
        IN_HAND = "处置中 {}", "in hand {}";
        SHELVED_N = "搁置 {}", "shelved {}";
        GROUP_SPAN = "首起 {}・末起 {}", "first {}, last {}";
        UNSEEN_N = "已消未确认 {}", "cleared, unseen {}";
        UNSEEN_NOTE = "八小时后归入历史", "history after eight hours";
        SHELVED_TILL = "搁置至 {}", "shelved till {}";
        NEXT_BACK_AT = "最早 {} 恢复", "the first is back at {}";
        ACKNOWLEDGE_N = "确认 {}", "ack {}";
        ACKNOWLEDGE_ALL = "整组确认：{}", "acknowledge all: {}";
        RATE_10MIN = "近 10 分钟 {} 条", "last 10 min: {}";
        RATE_LIMIT = "上限 10", "ceiling {}";
        WAITING_N = "+{} 新", "+{} new";
        ACKNOWLEDGE = "确认", "Acknowledge";
        SHELVE = "搁置", "Shelve";
        SHELVE_WHAT = "搁置：{}", "Shelve: {}";
        SHELVE_UNTIL = "搁置到 {}", "Shelve till {}";
        SHELVE_KNOWN = "已知在办", "known";
        SHELVE_WORKS = "施工检修", "works";
        SHELVE_FAULT = "设备故障", "faulty";
        SHELVE_TWICE = "重复告警", "repeated";
        NEVER_SHELVE_RED = "红色告警不得搁置", "red is never shelved";
        N_MINUTES = "{} 分钟", "{} min";
        N_HOURS = "{} 小时", "{} h";
        // 告警负荷
        ALARM_LOAD = "告警负荷", "Alarm load";
        ALARM_LOAD_SUB = "近 24 小时・限值据 ISA-18.2、EEMUA 191", "last 24 h, limits after ISA-18.2 and EEMUA 191";
        IN_FLOOD = "告警洪峰", "alarm flood";
        FIRST_OUT = "首发", "First out";
        FIRST_OUT_OF_FLOOD = "洪峰首发：{}", "First out of the flood: {}";
        SUPPRESSED = "按状态抑制", "suppressed by state";
        SUPPRESSED_N = "按状态抑制 {} 条", "suppressed by state {}";
        SUPPRESSED_NOTE = "照常记录，不待办不通知", "recorded; asks for nobody";
        LOAD_HOUR = "近 1 小时，每 10 分钟", "per 10 min, last hour";
        LOAD_DAY = "近 24 小时，每 10 分钟", "per 10 min, last 24 h";
        LOAD_WORST_TEN = "最多的 10 分钟", "worst 10 min";
        LOAD_FLOOD_SHARE = "洪峰时间占比", "time in flood";
        LOAD_OPEN = "未解除", "open";
        LOAD_UNACKNOWLEDGED = "待确认", "to acknowledge";
        LOAD_STANDING = "长期未解除（超过 24 小时）", "standing (over 24 h)";
        LOAD_CHATTERING = "抖动（1 分钟内 3 次）", "chattering (3 in a minute)";
        LOAD_WORST_SHARE = "前十来源占比", "share of the ten worst";
        LOAD_GRAVE = "橙与红占比", "share of orange and red";
        LOAD_ACK_MEDIAN = "确认用时中位数", "median time to acknowledge";
        LOAD_BY_COLOR = "各级实际 / 建议：{}", "by level, actual / advised: {}";
        LOAD_WORST = "告警最多的来源，合计 {}", "Bad actors, {} of all";
        LOAD_STANDING_N = "长期未解除 {} 条", "standing {}";
        LOAD_OPEN_FOR = "已 {}", "for {}";
        LOAD_MORE = "还有 {} 条", "{} more";
        LOAD_LOOK_AT = "查看告警：{}", "Look at alarm: {}";
        LOAD_MANAGEABLE_AT = "应付 {}", "limit {}";
        LOAD_FLOOD_AT = "洪峰 {}", "flood {}";
        // 平转战 control
        SWITCH_TO_WAR = "平转战", "To war";
        OPENS_SHEET = "打开复核单，不会直接下发", "opens the review sheet, sends nothing";
        TWO_PERSON_RULE = "Ⅰ / Ⅱ 级须双人确认", "Ⅰ and Ⅱ need two people";
        ADVISED_LEVEL = "建议启动 {}级响应", "level {} advised";
        REVIEW_SHEET = "平转战复核单", "Review sheet";
        DRILL_SHEET = "演练复核单", "Drill sheet";
        STAND_DOWN = "战转平", "Stand down";
        // forces and feeds
        FORCES = "应急力量", "Resources";
        FORCES_SUB = "可调度总量", "that can be sent";
        FORCES_NOTE = "选中地图上任一处，列出最近可用力量", "select a place to list the nearest able teams";
        TIER_NATIONAL = "国家队", "national";
        TIER_TRADE = "行业队", "trade";
        TIER_SOCIAL = "社会队", "social";
        TEAMS_ALL = "救援队伍", "all teams";
        TEAM_PEOPLE = "队员", "people";
        DEPOTS = "物资库", "depots";
        HELIPADS = "应急起降点", "helipads";
        HOSPITALS = "医院", "hospitals";
        SHELTERS = "避灾点", "shelters";
        SHELTER_CAPACITY = "避灾容量", "capacity";
        NEAREST = "力量位置", "Teams";
        ASSIGNED_N = "在用 {}", "on task {}";
        NO_TEAMS = "没有可用力量", "no able teams";
        AT_STATION = "驻地待命", "at station";
        ON_TASK = "执行", "on task";
        TO_SELECTION = "到选中处", "to the selection";
        TO_CENTER = "到市中心", "to the city centre";
        ETA_BASIS = "按路网与封闭路段，无路处直线", "by roads and closures, straight where there are none";
        N_PEOPLE = "{} 人", "{} people";
        NEAREST_TEAM = "最近力量 {} {} km {}", "nearest {} {} km, {}";
        N_MINUTES_BY_ROAD = "路程 {} 分", "{} min by road";
        N_MINUTES_STRAIGHT = "直线估算 {} 分", "about {} min (straight line)";
        N_MINUTES_BY_AIR = "直线飞行 {} 分", "{} min by air";
        N_MINUTES_BY_WATER = "航程 {} 分", "{} min by water";
        UNITS_N = "另有 {}", "besides {}";
        CANNOT_GO = "不能去：{}", "cannot go: {}";
        UNIT_TEAM = "队伍", "team";
        UNIT_VEHICLE = "车辆", "vehicle";
        UNIT_PUMP = "泵车", "pump truck";
        UNIT_BOAT = "冲锋舟", "boat";
        UNIT_HELICOPTER = "直升机", "helicopter";
        UNIT_DRONE = "无人机组", "drone crew";
        FEEDS = "无人机与重点视频", "Drones and feeds";
        FLYING_OF = "{} / {} 架在飞", "{} of {} flying";
        NO_DRONES = "没有无人机", "no drones";
        IN_DOCK = "在库待命", "in dock";
        BATTERY = "电 {}%", "{}%";
        PICTURE_LOST = "画面中断 {}", "picture lost {}";
        LAST_FRAME = "最后一帧 {}・不显示旧画面", "last frame {}, old pictures are not shown";
        NO_PICTURE = "尚无画面", "no picture yet";
        // orders
        ORDERS = "指令与叫应", "Orders";
        HELD_ORDERS = "待发 {}", "held {}";
        RELEASE_N = "不再等待，发出 {} 条", "Send {} now";
        RELEASE_CHOOSE = "选中待发：{}", "choose: {}";
        RELEASE_NONE_CHOSEN = "先选要发出的待发指令", "choose what to send";
        RELEASE_URGENT = "情况紧急", "urgent";
        RELEASE_BY_PHONE = "已电话确认", "confirmed by phone";
        RELEASE_ORDERED = "指挥长指示", "ordered";
        WAITS_FOR_CONDITION = "等前提成立", "waits for its condition";
        WAITS_FOR_GROUP = "等前一组签收", "waits for the group before";
        ORDERS_SUB = "{} 条・{} 家", "{} orders, {} agencies";
        NO_ORDERS = "没有指令", "no orders";
        STEP_DONE = "完成", "done";
        STEP_EXECUTING = "执行中", "executing";
        STEP_ACCEPTED = "已领受", "accepted";
        STEP_ACKNOWLEDGED = "已签收", "signed";
        STEP_UNSIGNED = "未签收", "unsigned";
        STEP_ESCALATED = "需介入", "needs a person";
        NEEDS_PERSON_N = "需介入 {}", "needs a person {}";
        REST_BY_DEADLINE = "其余 {} 条按时限排序", "{} more, by deadline";
        CALL_OUT = "叫应", "Call out";
        ESCALATE = "升级", "Escalate";
        CALLING = "叫应中", "calling";
        CALLED_N = "第 {} 次叫应・{}", "call {}, {}";
        OVER_BY = "超时 {}", "over {}";
        TIME_LEFT = "余 {}", "left {}";
        DUE_AT = "时限 {}", "due {}";
        ATTEMPTS_N = "已投递 {} 次・值班电话 {}", "{} attempts, duty phone {}";
        CANCEL_ORDER = "撤销", "Cancel order";
        AMEND_ORDER = "更正", "Amend";
        ORDER_AMENDS = "更正自指令 {}", "amends order {}";
        ORDER_AMENDED_BY = "已由指令 {} 更正", "amended by order {}";
        AMEND_REASON = "更正原因", "why it is amended";
        AMEND_CONFIRM = "发出更正（原指令作废）", "Send instead of the old order";
        TELLING_GIVEN_UP = "没能告知{}，已停止重试", "{} could not be told; given up";
        TELLING_TRYING = "尚未告知{}，失败 {} 次", "{} not told yet, {} failures";
        TELLING_PHONE = "{}值班电话 {}", "{}, duty phone {}";
        TELLING_RETRY = "重新告知", "Tell again";
        TELLING_BY_PHONE = "已电话告知", "Told by phone";
        TELLING_MORE = "还有 {} 件没有告知", "{} more not told";
        CANCEL_REASON = "值班员撤销", "cancelled by the duty officer";
        // boards: call-out, people
        BOARD_KEYS = "↑↓ 选择  ←→ 收起展开  C 叫应  P 转移  Esc 返回", "↑↓ choose, ←→ fold, C calls, P people, Esc back";
        BOARD_REASON_ASKED = "写明依据，随记录保存", "say why; it is kept with the record";
        BOARD_NEEDS_WORDS = "要写明内容", "words are needed";
        BOARD_RECORDED = "{}・按住 3 秒确认，先入册后执行", "{}; hold 3 s; recorded, then done";
        CALLS_BOARD = "叫应", "Call-out";
        CALLS_CHIP = "未叫应 {} / {}", "unreached {} / {}";
        CALLS_SUB = "{}・{} 起・{}", "{}, since {}, {}";
        CALLS_ENDED = "{} 结束", "ended {}";
        CALLS_NONE = "没有进行过叫应", "nobody has been called yet";
        CALLS_NOBODY_CALLED = "当前没有叫应；发起叫应后，每处一行列在这里", "nobody is being called; once begun, each place has a row here";
        CALLS_BY_HAND = "人工发起", "by hand";
        CALLS_BY_WARNING = "红色预警", "red warning";
        CALLS_BY_ORDERS = "{} 条指令未签收", "{} orders unsigned";
        CALLS_TEST = "通联测试", "Communication test";
        CALLS_NOT_REACHED = "未叫应", "not reached";
        CALLS_NOBODY = "无人负责", "nobody assigned";
        CALLS_REACHED = "已叫应", "reached";
        CALLS_ALL = "合计", "all";
        CALLS_COUNTS = "未叫应 {}・无人负责 {}・已叫应 {}", "not reached {}, nobody {}, reached {}";
        CALLS_DISTRICT_ITSELF = "{}本级", "{} itself";
        CALLS_AGENCIES = "{}各部门", "agencies of {}";
        CALLS_VILLAGES = "村居 {} 未 {}", "{} villages, {} silent";
        CALLS_FOLD = "展开或收起村居：{}", "fold or unfold villages: {}";
        CALLS_NOBODY_NOTE = "名册里没有联系人", "the register names nobody";
        CALLS_STEP = "第 {} 级・已叫 {} 次", "step {}, called {} times";
        CALLS_RADIO = "电台 {}", "radio {}";
        CALLS_ANSWERED_AT = "{} 应答", "answered {}";
        CALLS_NEXT = "再叫 {}", "then {}";
        CALLS_NO_NEXT = "不再自动叫", "called no more";
        CALLS_NO_NEXT_NOTE = "请人工联系", "reach them by hand";
        CALLS_WHO = "正在叫", "calling";
        CALLS_PHONE = "电话", "phone";
        CALLS_BY_RADIO = "电台", "radio";
        CALLS_WHO_ANSWERED = "应答人", "who answered";
        CALLS_REACHED_BY = "已联系上 {}", "reached, {}";
        CALLS_REACHED_NOTE = "人工联系上后按所用渠道登记", "press the channel it was by";
        CALLS_START = "发起叫应", "Call out";
        CALLS_STOP = "停止叫应", "Stop calling";
        CALLS_SHOW_TEST = "看测试", "Show the test";
        CALLS_SHOW_REAL = "看叫应", "Show the calls";
        CALLS_START_TEXT = "请立即到岗待命，按预案组织防范，收到请回复。", "Report to your post and stand by. Please answer.";
        CALLS_TEST_TEXT = "请回复收到。", "Please answer.";
        CALLS_STOP_TEXT = "情况已解除", "it is over";
        CALLS_WILL_CALL = "将叫应 {} 处・首轮 {}", "{} places will be called, first by {}";
        CALLS_STOP_NOTE = "还有 {} 处在叫，将不再呼叫", "{} places are still being called and will not be";
        CALLS_HOLD_START = "按住叫应 {} 处", "Hold to call {}";
        CALLS_HOLD_TEST = "按住测试 {} 处", "Hold to test {}";
        CALLS_HOLD_STOP = "按住停止叫应", "Hold to stop";
        CALLS_NO_LADDER = "城市数据里没有叫应梯次", "the city data has no ladder";
        CALLS_WHOLE_CITY = "全市", "whole city";
        CALLS_TO_DISTRICT = "到区", "districts";
        CALLS_TO_TOWNSHIP = "到镇街", "townships";
        CALLS_TO_VILLAGE = "到村居", "villages";
        CALLS_NO_TEST = "还没有做过通联测试", "no communication test yet";
        CALLS_TEST_RUNNING = "进行中", "running";
        CALLS_LAST_TEST = "上次通联测试 {}・应答 {}（{} / {}）・中位 {}・最慢 {}", "last test {}: {} answered ({} / {}), median {}, slowest {}";
        PEOPLE_BOARD = "人员转移", "People moved";
        PEOPLE_MOVED = "人员转移", "People";
        PEOPLE_CHIP = "转移 尚余 {} 人", "{} still to move";
        PEOPLE_NO_FORECAST = "没有预报风圈触及本市", "no wind circle is forecast to reach the city";
        PEOPLE_FORECAST_BY = "按{}预报，{} 发布", "by the forecast of {}, issued {}";
        PEOPLE_REMAINING = "尚余", "remaining";
        PEOPLE_EXPECTED = "应转", "expected";
        PEOPLE_DONE = "已转", "moved";
        PEOPLE_REFUSED = "拒转", "refused";
        PEOPLE_RETURNED = "返回", "returned";
        PEOPLE_MOVED_OF = "区、镇街・已转 / 应转", "district, township; moved / expected";
        PEOPLE_PACE = "速度", "pace";
        PEOPLE_STATE = "情况", "state";
        PEOPLE_PER_HOUR = "{} 人/时", "{}/h";
        PEOPLE_NEEDED = "需 {}", "need {}";
        PEOPLE_SO_FAR = "现 {}", "now {}";
        PEOPLE_BEHIND = "落后", "behind";
        PEOPLE_OVERFULL = "避灾点超员", "shelter overfull";
        PEOPLE_LOCKED = "返回锁定", "return locked";
        PEOPLE_MAY_RETURN = "已放行返回", "return allowed";
        PEOPLE_NONE_HERE = "没有应转任务", "nobody to move";
        PEOPLE_SHELTERS = "避灾点 在 {} / 容 {}・余 {}", "shelters {} of {}, room {}";
        PEOPLE_NO_SHELTER = "没有登记避灾点", "no shelter registered";
        PEOPLE_TROUBLE = "落后 {} 区・存疑 {} 区・超员 {} 处", "behind {}, flagged {}, overfull {}";
        PEOPLE_REFUSED_RETURNED = "拒转 {} 人・已返回 {} 人", "refused {}, returned {}";
        PEOPLE_MINS_LEFT = "余 {} 分钟", "{} min left";
        PEOPLE_CIRCLE = "{} 级风圈 {} 到・{} {} 发布", "grade {} circle at {}; {}, issued {}";
        PEOPLE_ELSEWHERE = "未分到镇街：已转 {} / 应转 {}", "in no township: {} / {}";
        PEOPLE_RETURN = "允许返回", "Allow return";
        PEOPLE_RETURN_TEXT = "响应已降级，现场核查安全", "the level has fallen; checked on site";
        PEOPLE_RETURN_DONE = "已经放行", "already allowed";
        PEOPLE_RETURN_NOTE = "放行后可组织人员返回；再升到 Ⅱ 级自动重新锁定", "people may be brought home; at level II it locks again";
        PEOPLE_HOLD_RETURN = "按住放行{}返回", "Hold to allow return to {}";
        // evacuation, water, typhoon
        EVACUATION = "五类人员转移", "Evacuation";
        BY_TIME = "限 {}", "by {}";
        STILL = "尚余 {} 人", "{} still to move";
        WATER = "水位与积水", "Water";
        OVER_OF = "超警 {} / {} 站", "{} of {} over";
        WATER_NOTE = "虚线为警戒值・变率按近时段折算", "dashed: limit; rate over the recent past";
        TYPHOON = "台风", "Typhoon";
        TYPHOON_TITLE = "{} 号台风“{}”", "Typhoon {} {} {}";
        NO_TYPHOON = "没有活动台风", "no active typhoon";
        WIND7 = "七级", "7";
        WIND10 = "十级", "10";
        WIND12 = "十二级", "12";
        FORECAST_DASHED = "虚线为预报", "dashed: forecast";
        ISSUE_LATEST = "最新", "latest";
        ISSUE_SHOW = "按发布时次：{}", "forecasts as issued: {}";
        AGENCY_SPREAD = "24 小时后 {} 家预报相距 {} km", "{} agencies lie {} km apart in 24 h";
        FIX_CONFLICT = "{} {} 定位与主源相差 {} km", "{} {}: {} km from the leading feed";
        RAIN_LATEST = "最近", "nearest";
        RAIN_SHOW = "雨量场时次：{}", "rain field for {}";
        CENTER_WIND = "中心风力", "wind";
        CENTER_PRESSURE = "中心气压", "pressure";
        FROM_CITY = "距{}", "from {}";
        MOVING = "移速", "moving";
        CIRCLE7 = "七级风圈", "circle 7";
        CIRCLE10 = "十级风圈", "circle 10";
        CIRCLE_HERE = "已触及", "here";
        ABOUT = "约 {}", "about {}";
        WIND_GRADE = "{} 级 {} m/s", "Bf {} {} m/s";
        UNTIL_WIND = "距 {} 级风圈到达", "until the grade {} circle";
        WIND_HERE = "{} 级风圈", "grade {} circle";
        UNTIL_NONE = "预报未触及", "not forecast to reach";
        // map
        LEGEND_TEAM = "队伍", "team";
        LEGEND_DRONE = "无人机", "drone";
        LEGEND_SHELTER = "避灾点", "shelter";
        LEGEND_FACILITY = "设施", "facility";
        LEGEND_FLOOD = "内涝站", "flood gauge";
        LEGEND_CAMERA = "摄像头", "camera";
        LAYER_EVENTS = "事件", "Events";
        LAYER_TEAMS = "队伍", "Teams";
        LAYER_DRONES = "无人机", "Drones";
        LAYER_FACILITIES = "设施", "Facilities";
        LAYER_SENSORS = "感知", "Sensors";
        LAYER_CAMERAS = "视频", "Cameras";
        LAYER_DISTRICTS = "分区", "Districts";
        LAYER_TYPHOON = "风圈", "Typhoon";
        // card
        RAISED_AT = "{} 触发・{}", "raised {} at {}";
        ACKNOWLEDGED_BY = "{} 于 {} 确认", "{} acknowledged at {}";
        PRESSED_N = "督办 {} 次・催办 {} 次", "supervised {}, pressed {}";
        SUPERVISE = "督办", "Supervise";
        PRESS = "催办", "Press";
        RELEASE_TEAM = "解除任务", "Release";
        ASSIGN_TEAM = "待命任务", "Stand by";
        STAND_BY_PURPOSE = "原地待命", "stand by";
        CAPACITY_N = "可容 {} 人", "holds {}";
        BEDS_N = "床位 {}", "{} beds";
        // sheets
        NOTHING_SENT_YET = "未确认前不产生任何外发；全过程留痕", "nothing leaves before confirmation; all is logged";
        PART_TRIGGER = "触发依据", "Trigger";
        PART_PLAN = "预案与级别", "Plan and level";
        PART_ORDERS = "将下发的指令", "What is sent";
        PART_FORCES = "资源预置与到位", "Who can go";
        PART_PICTURES = "将打开的画面", "What opens";
        PART_CONFIRM = "席位确认", "Confirmation";
        NO_ADVICE = "暂无系统建议，由值班员判断", "no advice; the officer decides";
        NO_PLAN = "城市包里没有预案", "the city pack has no plan";
        MAY_SKIP_LEVELS = "可越级启动", "levels may be skipped";
        ADVISED = "建议", "advised";
        TWO_PERSON = "双人确认", "two people";
        ONE_PERSON = "单人确认", "one person";
        LINES_N = "{} / {} 条・可逐条取消", "{} of {} lines, each can be struck";
        AGENCY = "单位", "agency";
        CONTENT = "内容", "content";
        CHANNEL = "通道", "channel";
        DEADLINE = "时限", "due";
        STRIKE = "取消或恢复：{}", "strike or restore: {}";
        LADDER_RULE = "下发后 {} 分钟未签收转叫应，{} 分钟仍未应答升级：{}", "unsigned after {} min: call; after {} min: {}";
        EXACT_TEXT = "发送原文", "Exact text";
        NTH_OF = "{}・第 {} / {} 条", "{}, {} of {}";
        PREVIEW_KEYS = "↑↓ 逐条核对  X 划去", "↑↓ read, X strike";
        TAB_ORDERS = "指令 {}", "orders {}";
        TAB_PEOPLE = "待转移 {} 人", "to move {}";
        TAB_CALLS = "待叫应 {} 家", "to call {}";
        N_LINES = "{} 条", "{} orders";
        HELD_N = "其中 {} 条待发", "{} of them held";
        HELD_BECAUSE = "待发：{}", "held: {}";
        GROUP_N = "第 {} 组", "group {}";
        CLAUSE = "条款 {}", "clause {}";
        SUPPORTED_BY = "配合 {}", "with {}";
        TIGHTENED_BY = "时限由{}收紧", "tightened by {}";
        STRUCK_NO_REASON = "已划去，还没有写原因", "struck, no reason yet";
        STRUCK_BECAUSE = "已划去：{}", "struck: {}";
        WHY_STRUCK = "划去原因", "Why struck";
        STRIKE_DONE = "已经办妥", "already done";
        STRIKE_NOT_HERE = "不适用于本次", "does not apply";
        STRIKE_OTHERS = "改由他单位办", "another agency does it";
        STRIKE_LATER = "稍后另行下发", "sent later";
        ADD_ORDER = "手工增列", "Add an order";
        ADDED_MARK = "手工", "by hand";
        ADDED_REMOVE = "移除增列：{}", "remove: {}";
        ADDED_TITLE = "指令标题", "title";
        ADDED_BODY = "指令正文（发送原文）", "text, sent as it stands";
        ADDED_WITHIN = "时限", "due in";
        ADDED_MINS = "分钟内", "min";
        ADDED_REASON = "为什么预案之外要发这一条", "why the plan does not suffice";
        ADDED_IN = "范围 {}", "in {}";
        ADDED_ADD = "列入复核单", "Put on the sheet";
        ADDED_AWAY = "收起", "Put away";
        ADDED_NOTE = "列入后随单下发，可再移除", "goes out with the sheet; can be removed";
        ADDED_NEEDS_AGENCY = "先选单位", "choose an agency";
        ADDED_NEEDS_WORDS = "要有标题和正文", "title and text are missing";
        ADDED_NEEDS_TIME = "时限要填分钟数", "due in how many minutes?";
        ADDED_NEEDS_REASON = "要写明原因", "say why";
        PICK_AGENCY = "单位", "agency";
        PICK_AGENCY_HINT = "单位名称或简称", "agency, or a piece of it";
        SWITCH_IN = "响应范围 {}", "switch in {}";
        SCREENS_CHANGE = "大屏与席位：平时版式换成战时版式，先上下列画面", "screens: peace layout becomes war, with these first";
        SCREENS_STAY = "大屏与席位：战时版式不变，先上画面换成下列", "screens: the war layout stays, these come first";
        SCREENS_DISTRICTS = "大屏与席位：分区响应不换版式，画面次序换成下列", "screens: districts change no layout, only the order";
        OPENS_DRONES = "无人机 {} 架・备用 {}・不能飞 {}", "drones {}, kept {}, unfit {}";
        OPENS_CAMERAS = "摄像头 {} 路・另有 {} 路可看・{} 处无镜头", "cameras {}, {} more, {} places unseen";
        FEEDS_NAMED = "{}・点名摄像头 {} 路", "{}, {} cameras named";
        NO_ORDERS_HERE = "本级没有新的指令", "no new orders at this level";
        PEOPLE_BEFORE = "此前已要求 {}", "asked before: {}";
        NOBODY_TO_MOVE = "没有要转移的人", "nobody to move";
        NOBODY_TO_CALL = "没有要叫应的单位", "nobody to call";
        FORCE_SHORT = "{} 缺 {} 支", "{}: short by {}";
        LEVEL_CHANGES = "{}：{} → {}，随动 {} 个区", "{}: {} → {}, with {} districts";
        LEVEL_STAYS = "级别不变，只补发指令", "the level stays, orders are added";
        // signing
        REASON_HINT = "或写明其他原因", "or another reason";
        REASON_FORECAST = "预报提前", "forecast early";
        REASON_SITUATION = "灾情所迫", "the situation";
        REASON_ORDERED = "上级要求", "ordered from above";
        REASON_EASED = "影响减弱", "it eases";
        REASON_PASSED = "影响已过", "it has passed";
        REASON_CANCELLED = "预警解除", "warnings lifted";
        WHY_SKIP = "越级启动，须选或写明原因", "levels are skipped: say why";
        WHY_LOWER = "降低级别，须选或写明原因", "a lower level: say why";
        WHY_OVERRIDE = "一人越权，须选或写明原因", "one for two: say why";
        LEVEL_NEEDS_REASON = "须先写明调整级别的原因", "say why the level changes so";
        STRUCK_WITHOUT_REASON = "划去的 {} 条没有写原因", "{} struck without a reason";
        NOTHING_CHANGES = "与当前响应相同，没有变化", "nothing would change";
        OVERRIDE = "一人越权启动", "One person for two";
        OVERRIDE_ON = "一人越权启动：事后须另一人补签", "one person for two: another must countersign";
        OVERRIDE_NEEDS_REASON = "一人越权须先写明原因", "say why one signs for two";
        HOLD_TO_OVERRIDE = "按住越权启动{}级响应（{}）", "Hold to start level {} alone ({})";
        ROLE_CANNOT_SIGN = "角色「{}」不能签这一级", "the role {} may not sign this level";
        ROLE_CANNOT_OVERRIDE = "一人越权：角色「{}」不可", "one for two: not as {}";
        // a sheet that changed under the officer's eyes
        SHEET_CHANGED = "复核单已变", "The sheet changed";
        SEEN_AGAIN = "已重新看过", "Seen again";
        LOOK_AGAIN_FIRST = "复核单已变，请先重新看过", "the sheet changed: look again first";
        CHANGED_FOOTING = "响应级别已经变动", "the level in force changed";
        CHANGED_PLAN = "预案已经更换", "the plan changed";
        CHANGED_NEW = "新增「{}」", "new: {}";
        CHANGED_OTHER = "「{}」有变", "changed: {}";
        CHANGED_GONE = "不再有「{}」", "gone: {}";
        CHANGED_PEOPLE = "待转移由 {} 人变为 {} 人", "to move: {} became {}";
        CHANGED_SEATS = "签署人数有变", "the signatures needed changed";
        CHANGED_DETAIL = "细节有变", "details changed";
        MARK_NEW = "新", "new";
        MARK_CHANGED = "变", "changed";
        // the level argued
        ADVICE = "级别建议", "Advice";
        ADVICE_SUB = "只建议，由人签署", "advice; people sign";
        HAZARD_ADVISED = "{} 建议{}级", "{}: level {} advised";
        MAY_BE_HIGHER = "数据不全，可能到{}级", "data missing, may be {}";
        SPEAKS_FOR = "支持", "for";
        SPEAKS_AGAINST = "未到", "against";
        IS_MISSING = "缺数", "missing";
        NO_TRIGGER_HOLDS = "没有启动条件成立", "no trigger holds";
        N_MORE_ARGUMENTS = "还有 {} 条依据", "{} more";
        // one person signed
        COUNTERSIGN = "补签", "Countersign";
        COUNTERSIGN_WAITS = "一人越权，待补签", "Signed by one, countersignature due";
        COUNTERSIGN_LATE = "一人越权，补签超时", "Signed by one, countersignature late";
        COUNTERSIGN_NOTE = "同意，补签", "agreed and countersigned";
        OVERRIDE_TOLD = "{} 于 {} 签署{}，已 {}；原因：{}", "{} at {} signed {}, {} ago; because {}";
        OVERRIDES_MORE = "另有 {} 件", "{} more";
        ANOTHER_MUST_SIGN = "补签的要是另一个人", "another person must sign";
        // the second signature
        CO_SIGN_SHEET = "会签单", "Second signature";
        CO_SIGN_WAITS = "待会签", "Second signature due";
        CO_SIGN_CHIP = "待会签 {}・{} 提议・余 {}", "{} by {}: second signature due, {} left";
        PROPOSED_BY = "{} 于 {} 提议{}", "{} at {} proposed: {}";
        PROPOSAL_REASON = "原因：{}", "because {}";
        PROPOSAL_LEFT = "余 {}", "{} left";
        PROPOSAL_ORDERS = "提议的指令", "What is proposed";
        PROPOSAL_ACCEPTS = "提议认可、仍未了结的 {} 件", "{} open items it accepts";
        PROPOSAL_ADDED = "增列：{}", "added: {}";
        PROPOSAL_IS_OTHER = "与提议时不同，不能按原单会签", "no longer what was proposed";
        SIGNED_AT = "{} 已签", "signed {}";
        OWN_SIGNS = "按住即为本席签名", "the hold signs for this seat";
        SECOND_SEAT = "第二席", "second seat";
        SECOND_ELSEWHERE = "另一人到另一席会签，{} 分钟内", "another officer, another seat, within {} min";
        SECOND_IS_HERE = "按住即为第二席签名", "the hold is the second signature";
        WAITS_FOR_SECOND = "等待第二席会签", "Waiting for the second seat";
        HOLD_TO_PROPOSE = "按住提请会签{}级响应（{}）", "Hold to sign first: level {} ({})";
        HOLD_TO_PROPOSE_PEACE = "按住提请会签战转平（{}）", "Hold to sign first: stand down ({})";
        HOLD_TO_CO_SIGN = "按住会签{}（{}）", "Hold to co-sign {} ({})";
        OPEN_CO_SIGN = "查看并会签 F9", "Read and sign F9";
        LOOK_AT_PROPOSAL = "查看 F9", "Read F9";
        DECLINE = "不同意", "Decline";
        DECLINE_CHECK = "先核实情况", "verify first";
        DECLINE_LEVEL = "级别不妥", "the wrong level";
        DECLINE_ORDERS = "指令不妥", "the wrong orders";
        WITHDRAW = "撤回提议", "Withdraw";
        DRAW_ANOTHER = "另拟一张", "Draw up another";
        PROPOSAL_ENDED = "第 {} 号提议{}", "proposal {}: {}";
        // what peace leaves open
        STILL_OPEN = "仍未了结 {} 件，已认可 {}", "{} still open, {} accepted";
        ACCEPT_ALL = "全部认可", "Accept all";
        ACCEPT_OPEN = "认可：{}", "accept: {}";
        OPEN_NOT_ACCEPTED = "还有 {} 件没有认可", "{} not accepted yet";
        NOTHING_OPEN = "没有未了结的事", "nothing is open";
        ALREADY_PEACE = "已经是平时", "already at peace";
        LAYOUT_WAR = "上墙布局：战时", "wall layout: war";
        NOT_NEEDED = "本级不需要", "not needed at this level";
        HOW_SENT = "下发方式", "How";
        SEND_ACTUAL = "实战下发", "Actual";
        DRY_RUN = "试运行（不发送）", "Dry run";
        DRY_RUN_DONE = "试运行：本会发出 {} 条指令到 {} 家单位，转移 {} 人，其中待发 {} 条，拟派 {} 支队伍；一条未发", "dry run: it would have sent {} orders to {} agencies, moved {} people; {} held, {} teams; nothing was sent";
        TOTALS = "{} 条指令  {} 家单位  {} 人待转移", "{} orders  {} agencies  {} to move";
        DEGRADED_ARE = "{} 降级，改走电话", "{} degraded, by telephone";
        CANCEL = "取消", "Cancel";
        CANCEL_ESC = "取消 Esc", "Cancel Esc";
        HOLD_TO_START = "按住启动{}级响应（{}）", "Hold to start level {} ({})";
        STILL_SECS = "还需 {} 秒", "{} s more";
        CONFIRMED_ON_SHEET = "复核单确认", "confirmed on the review sheet";
        HOLD_TO_STAND_DOWN = "按住转为平时（{}）", "Hold to stand down ({})";
        PRESENT_RESPONSE = "当前响应", "present response";
        PEOPLE_STILL = "尚未转移人数", "people not yet moved";
        WARNINGS_IN_FORCE = "生效预警", "warnings in force";
        STAND_DOWN_NOTE = "仍未结的指令随之撤销，撤销逐条入册并发往各平台", "open orders are cancelled, each on the record and at its platform";
        SCENARIO = "场景", "scenario";
        SCENARIO_DOKSURI = "杜苏芮 2023", "Doksuri 2023";
        SCENARIO_DOKSURI_NOTE = "2023-07-26 08:00 至 07-28 20:00・真实路径与公开时间线", "26 July 08:00 to 28 July 20:00, the real track";
        SCENARIO_RAINSTORM = "短时强降雨", "cloudburst";
        SCENARIO_RAINSTORM_NOTE = "虚构的一个午后：2025-06-12 12:00 至 24:00・四次预警变更", "an invented afternoon, 12 June 12:00 to 24:00";
        SCENARIO_QUAKE = "近海地震（虚构）", "earthquake off the coast";
        SCENARIO_QUAKE_NOTE = "虚构的一个上午：2025-11-12 09:00 至 13:00・误报与更正各一次", "an invented morning, 12 November 09:00 to 13:00";
        SCENARIO_INJECTS = "杜苏芮 2023 · 导调", "Doksuri 2023, with injects";
        SCENARIO_INJECTS_NOTE = "2023-07-27 08:00 至 20:00・断线、退回、停机、另一起事件各来一次（示例）", "27 July 08:00 to 20:00; every kind of inject once, invented";
        SCENARIO_TOLD = "{} 至 {}・导调 {} 项・公开时点 {}", "{} to {}; {} injects, {} public times";
        NEW_EXERCISE = "新演练", "New";
        DIRECTOR = "导调", "Director";
        SCORE = "评分表", "Score sheet";
        CLOSE_ESC = "关闭 Esc", "Close Esc";
        TIMES = "{} 倍", "×{}";
        SEED_OF_SCENARIO = "按场景 {}", "the scenario's {}";
        SEED_IS = "随机种子 {}", "seed {}";
        END_AND_SCORE = "结束演练，看评分表", "End, and see the score";
        NO_SCRIPT = "中枢没有给出这个场景的时间表", "the hub has not told this scenario's timeline";
        NO_MARKS = "这个场景没有导调，也没有公开时点", "no injects and no public times in this scenario";
        DRILL_PAUSE = "暂停推演", "Pause the drill";
        DRILL_RESUME = "继续推演", "Go on";
        JUMP_AHEAD = "向前跳", "Ahead";
        JUMP_10 = "10 分钟 → {}", "10 min → {}";
        JUMP_60 = "1 小时 → {}", "1 h → {}";
        JUMP_INJECT = "下一导调 → {}", "next inject → {}";
        JUMP_PUBLIC = "下一公开时点 → {}", "next public time → {}";
        JUMP_NONE = "没有了", "none left";
        JUMP_NOTE = "只能向前；跳过的时段照常发生，全部记录", "only ahead; what is skipped happens and is recorded";
        MARKS_N = "已过 {}・未到 {}", "{} done, {} to come";
        MARK_INJECT = "导调", "inject";
        MARK_PUBLIC = "公开", "public";
        MARK_IN = "还有 {}", "in {}";
        MARK_ON = "进行中", "on";
        MARK_OVER = "已过", "over";
        SCORE_NONE = "还没有演练可评", "no drill to score yet";
        SCORE_AWAITED = "正在从记录统计", "counting the records";
        SCORE_FAILED = "没有取到评分表，中枢未答：{}", "no score sheet, the hub did not answer: {}";
        SCORE_OF = "演练・{}・随机种子 {}", "Exercise: {}, seed {}";
        SCORE_RECORDS = "记录 {}", "records {}";
        SCORE_RECORDS_HINT = "指到一行，看它出自哪些记录", "point at a line to see its records";
        SCORE_NOTHING = "无", "none";
        SCORE_LEVELS = "定级", "Levels";
        SCORE_LEVEL = "级别", "level";
        SCORE_TO_LEVEL = "研判到定级", "advice to level";
        SCORE_TO_FIRST = "定级到首条指令", "level to first order";
        SCORE_TO_ALL = "全部送达", "all delivered";
        SCORE_N_ORDERS = "指令", "orders";
        SCORE_TOTALS = "总计", "Totals";
        SCORE_VALUE = "数值", "value";
        SCORE_AGENCIES = "部门签收", "Agencies";
        SCORE_SIGNED = "签收（按时）", "signed (in time)";
        SCORE_SIGNED_IN_TIME = "{}（{}）", "{} ({})";
        SCORE_MEDIAN = "中位", "median";
        SCORE_WORST = "最慢", "slowest";
        SCORE_REJECTED = "退回", "rejected";
        SCORE_OVERDUE = "逾期", "overdue";
        SCORE_ESCALATED = "叫应", "called";
        SCORE_MISSED = "漏办", "Missed";
        SCORE_UNNECESSARY = "多余", "Unnecessary";
        SCORE_REFERENCE = "对照公开时间线", "Against the public timeline";
        SCORE_PUBLIC = "公开", "public";
        SCORE_DRILL_DID = "演练", "drill";
        SCORE_DIFFERENCE = "相差", "difference";
        SCORE_SAME = "同时", "same time";
        SCORE_LATER = "晚 {}", "{} later";
        SCORE_EARLIER = "早 {}", "{} earlier";
        SCORE_NOT_DONE = "没有做", "not done";
        SPEED = "倍速", "speed";
        SEED = "随机种子", "seed";
        DRILL_NOTE = "演练另立一域：独立日志，不对外下发，全部画面标注演练", "its own realm and log; nothing leaves; all screens say so";
        START_EXERCISE = "开始演练", "Start exercise";
        // 复盘
        REPLAY = "复盘", "REVIEW";
        REPLAY_MOMENT = "回放时刻", "moment looked at";
        REPLAY_BACK = "返回", "back";
        REPLAY_NO_ORDERS = "复盘中不能下令", "nothing can be ordered in a review";
        REPLAY_OPEN = "打开复盘", "Open a review";
        REPLAY_OPEN_NOTE = "全厅一同回看；只看，不下发", "the whole hall looks back; nothing is sent";
        REPLAY_THIS = "复盘 {}", "review {}";
        REPLAY_OPENING = "正在打开", "opening";
        REPLAY_REFUSED = "打不开：{}", "not opened: {}";
        LOGS_COMING = "正在取得日志清单", "fetching the list of logs";
        LOGS_FAILED = "没有取到日志清单：{}", "no list of logs: {}";
        NO_LOGS = "还没有可以复盘的日志", "no log to review yet";
        LOG_IS_OPEN = "仍在记录", "still being written";
        N_RECORDS = "{} 条记录", "{} records";
        STORY_COMING = "正在从留痕重述经过", "telling the story from the records";
        STORY_FAILED = "没有取到经过：{}", "no story: {}";
        EVIDENCE_HOLDS = "数据来自事件留痕 {} 条・校验通过", "from {} records, chain verified";
        EVIDENCE_BROKEN = "数据来自事件留痕 {} 条・校验不通过", "from {} records, CHAIN BROKEN";
        EXERCISE_REPLAYED = "演练复盘・{}", "EXERCISE under review・{}";
        FROM_TO = "{} 至 {}", "{} to {}";
        RECORDS = "记录号 {}", "records {}";
        MOMENT_STATE = "时刻状态", "At this moment";
        SOLID_AND_DASHED = "实线 实际  虚线 预报", "solid observed, dashed forecast";
        TOO_SMALL = "此处放不下", "no room here";
        RESPONSES = "指令响应", "Answers";
        RESPONSES_SUB = "{} 条・点为单条，竖线为中位", "{} orders, a dot each, median a tick";
        RESPONSES_LATE = "转叫应 {}・升级 {}", "called {}, escalated {}";
        RESPONSES_FOOT = "全部中位 {}・P90 {}", "median {}, P90 {}";
        RESPONSES_SLOWEST = "・最慢 {} {}（{}）", ", slowest {} {} ({})";
        RESPONSES_HIDDEN = "・另 {} 家更快", ", {} faster not shown";
        ORDER_OF = "指令 {} {}", "order {} {}";
        UNSIGNED_FOR = "{} 未签收", "silent for {}";
        NO_PLAN_RAN = "没有启动预案", "no plan was in force";
        ACKNOWLEDGED_AFTER = "签收用时 {}", "signed after {}";
        PLAN_ACTUAL = "计划与实际", "Plan and actual";
        PLAN_ACTUAL_SUB = "节点 {}", "{} points";
        PLAN_IN_TIME = "准时或提前 {} / {}", "in time {} / {}";
        PLAN_NOTE = "晚于计划超过 15 分钟记为偏差", "over 15 min late is a deviation";
        NO_DEVIATIONS = "没有偏差", "no deviations";
        DEVIATIONS = "偏差 {}：{}", "deviations {}: {}";
        WHO_KNEW = "谁何时知道", "Who knew when";
        UP_TO = "至 {}", "up to {}";
        NOTHING_KNOWN = "此刻之前没有记录", "nothing before this moment";
        SENT_OUT = "发出", "sent";
        ESCALATED = "升级叫应", "escalated";
        TIMELINE = "时间线", "Timeline";
        TIMELINE_SUB = "拖动，或 ← → 逐事件，Shift 加速", "drag, or ← → by event, Shift faster";
        DENSITY = "事件密度", "Events";
        DENSITY_SUB = "每 {} 分钟", "per {} min";
        DENSITY_OF = "蓝 {} 黄 {} 橙 {} 红 {}", "blue {} yellow {} orange {} red {}";
        WARNINGS = "预警信号", "Warnings";
        LEVELS = "响应级别", "Response";
        CLOSURES = "管制", "Closures";
        MOVED_OF = "已转移 {} / {} 人", "{} of {} moved";
        MOVED_BY = "{} 转移 {} 人", "{} {} moved";
        KEY_MOMENTS = "重要时刻", "Moments";
        EVENT = "事件", "event";
        EVENT_BEFORE = "上一事件", "event before";
        EVENT_AFTER = "下一事件", "next event";
        TO_START = "回到开始", "to the start";
        TO_END = "跳到结尾", "to the end";
        PLAYED_IS_SOLID = "已播放区间为实色，之后为浅色预览", "played is solid, the rest pale";
        ADD_BOOKMARK = "加书签", "Bookmark";
        KEEP_BOOKMARK = "记下", "Keep";
        DROP_BOOKMARK = "去掉", "Remove";
        BOOKMARK_WORD = "书签", "bookmark";
        BOOKMARK_HINT = "这一刻说明什么", "what this moment shows";
        EXPORT_REPORT = "导出复盘报告", "Export report";
        EXPORT_DOCX = "Word 版", "as Word";
        REPORT_SAVED = "复盘报告：{}", "report: {}";
        REPORT_FAILED = "没有取到复盘报告：{}", "no report: {}";
        // domain words
        STAGE0 = "采集", "collected";
        STAGE1 = "立案", "filed";
        STAGE2 = "派遣", "dispatched";
        STAGE3 = "处置", "handled";
        STAGE4 = "反馈", "fed back";
        STAGE5 = "结案", "closed";
        STAGE6 = "评价", "evaluated";
        HAZARD_TYPHOON = "台风", "Typhoon";
        HAZARD_RAINSTORM = "暴雨", "Rainstorm";
        HAZARD_FOREST_FIRE = "森林火险", "Forest fire";
        HAZARD_EARTHQUAKE = "地震", "Earthquake";
        HAZARD_GENERAL = "综合", "General";
        HAZARD_OTHER = "其他", "Other";
        WARNING_OF = "{}{}色预警", "{} {} warning";
        // the map's tools
        TOOL_BOX = "框选", "select a box";
        TOOL_LASSO = "套索选", "select by lasso";
        TOOL_CIRCLE = "圆选", "select a circle";
        TOOL_LENGTH = "测距", "measure a length";
        TOOL_AREA = "测面积", "measure an area";
        TOOL_CLOSURE = "标绘交通管制", "mark a closure";
        TOOL_FENCE = "标绘电子围栏", "mark a fence";
        TOOL_QUAKE = "标绘地震", "mark an earthquake";
        TOOL_FIRE = "标绘火情", "mark a fire";
        TOOL_REACH = "标绘到达圈", "mark where from";
        HINT_DRAG = "按住拖动画出，Esc 取消", "hold and drag; Esc puts it away";
        HINT_PRESSES = "逐点单击，双击或回车结束，退格撤一点", "press corners; double press or Enter ends, Backspace takes one back";
        HINT_PRESS = "单击放置，Esc 取消", "press to place; Esc puts it away";
        RADIUS_OF = "半径 {}・{}", "radius {}, {}";
        AREA_OF = "{}・周长 {}", "{}, around {}";
        LENGTH_OF = "{}・方位 {}", "{}, bearing {}";
        NORTH_UP = "正北朝上", "north up";
        FOLLOW = "跟随所选", "follow the selected";
        FOLLOWING = "正在跟随", "following";
        VIEW_BACK = "上一视图", "view before";
        // markings
        PUT_MARKING = "标绘", "Put it there";
        PUT_MARKING_SUB = "写入记录，所有席位可见", "a record, seen at every seat";
        REMOVE_MARKING = "撤除标绘 {}", "remove marking {}";
        MARKINGS_N = "标绘 {}", "markings {}";
        REASON = "原因", "reason";
        REASON_WATER = "道路积水", "road under water";
        REASON_TREE = "倒树", "fallen tree";
        REASON_CRASH = "交通事故", "accident";
        REASON_CONTROL = "临时管制", "closed for now";
        FENCE_NAME = "围栏 {}", "fence {}";
        MAGNITUDE = "震级", "magnitude";
        DEPTH_KM = "深度 km", "depth km";
        LESS_OF = "减 {}", "less {}";
        MORE_OF = "加 {}", "more {}";
        NOTHING_TO_SET = "位置即全部内容", "its place says it all";
        // area
        AREA = "区域", "Area";
        AREA_CIRCLE = "圆 {}・{}", "circle {}, {}";
        AREA_RING = "{} 角・{}", "{} corners, {}";
        AREA_EMPTY = "区域内没有登记对象", "nothing registered in here";
        AREA_TEAMS = "队伍", "teams";
        AREA_TEAMS_SUM = "{} 支 {} 人・实时 {} 驻地 {}", "{} teams, {} people; {} live, {} at station";
        AREA_LIVE = "实时 {}", "live {}";
        AREA_SHELTERS_SUM = "{} 处・容 {} 人", "{} sites for {}";
        AREA_HOSPITALS_SUM = "{} 家・{} 床", "{} with {} beds";
        AREA_CASES_SUM = "{} 件・红 {} 橙 {} 黄 {} 蓝 {}", "{}: red {}, orange {}, yellow {}, blue {}";
        AREA_SITES = "{} 处", "{} sites";
        AREA_MORE = "还有 {} 项未列", "{} more not listed";
        // find
        FIND = "查找", "Find";
        FIND_SUB = "名称 编号 地址 拼音", "name, id, address, pinyin";
        FIND_HINT = "名称、编号、地址或拼音", "name, id, address or pinyin";
        FIND_KEYS = "↑↓ 选择  回车前往", "↑↓ choose, Enter goes there";
        FIND_NONE = "没有找到", "nothing found";
        FIND_N = "{} 项", "{} found";
        FIND_MOST = "前 {} 项，请再输几个字", "the first {}; type more";
        KIND_DISTRICT = "区", "district";
        KIND_PLACE = "地名", "place";
        KIND_FLOOD_POINT = "内涝点", "flood point";
        KIND_TEAM = "队伍", "team";
        KIND_SHELTER = "避灾点", "shelter";
        KIND_DEPOT = "物资库", "depot";
        KIND_HOSPITAL = "医院", "hospital";
        KIND_HELIPAD = "起降点", "helipad";
        KIND_DOCK = "无人机机场", "dock";
        KIND_DRONE = "无人机", "drone";
        KIND_AGENCY = "单位", "agency";
        KIND_SENSOR = "感知设备", "sensor";
        KIND_ROAD = "道路", "road";
        KIND_CASE = "案件", "case";
        KIND_CAMERA = "摄像头", "camera";
        KIND_THING = "登记部件", "registered thing";
        // duties
        IMPORT = "导入登记", "Import";
        IMPORT_SUB = "表格或地图文件，先看后导", "a table or map file, looked at first";
        IMPORT_TEAMS = "队伍", "teams";
        IMPORT_DEPOTS = "物资库", "depots";
        IMPORT_SHELTERS = "避灾点", "shelters";
        IMPORT_CAMERAS = "摄像头", "cameras";
        IMPORT_CONTACTS = "联系人", "contacts";
        IMPORT_POINTS = "点位图层", "points";
        IMPORT_CHOOSE = "选择文件", "Choose a file";
        IMPORT_DROP = "或把文件拖进窗口", "or drop one on the window";
        IMPORT_DROP_HERE = "把文件拖到窗口里", "drop the file on the window";
        IMPORT_UNREADABLE = "读不了这个文件：{}", "the file cannot be read: {}";
        IMPORT_WHICH = "先选是哪一种登记", "say first which register it is";
        IMPORT_READING = "正在读", "reading";
        IMPORT_FAILED = "没有读成：{}", "not read: {}";
        IMPORT_COLUMNS = "改列", "Columns";
        IMPORT_COLUMNS_DONE = "改好了", "Done";
        IMPORT_LEFT_OUT = "不用", "not used";
        IMPORT_NO_HEADER = "第 {} 列", "column {}";
        FIELD_ID = "编号", "id";
        FIELD_NAME = "名称", "name";
        FIELD_PERSON = "姓名", "person";
        FIELD_LON = "经度", "longitude";
        FIELD_LAT = "纬度", "latitude";
        FIELD_COORDINATES = "坐标", "coordinates";
        FIELD_DISTRICT = "区", "district";
        FIELD_TOWNSHIP = "镇街", "township";
        FIELD_VILLAGE = "村居", "village";
        FIELD_AGENCY = "单位", "agency";
        FIELD_PEOPLE = "人数", "people";
        FIELD_CAPABILITY = "类型", "capability";
        FIELD_TIER = "层级", "tier";
        FIELD_UNIT = "形式", "unit";
        FIELD_LOAD = "装备", "load";
        FIELD_STOCK = "物资", "stock";
        FIELD_CAPACITY = "容量", "capacity";
        FIELD_POST = "职务", "post";
        FIELD_RANK = "顺位", "rank";
        FIELD_PHONE = "电话", "phone";
        FIELD_RADIO = "电台", "radio";
        FIELD_KIND = "类别", "kind";
        FIELD_NOTE = "备注", "note";
        IMPORT_ROWS = "{} 行，收 {}，拒 {}", "{} rows, {} accepted, {} refused";
        IMPORT_CHANGES = "新增 {}  变更 {}  相同 {}  文件里没有的 {}", "{} new  {} changed  {} same  {} not in the file";
        IMPORT_AS_IS = "WGS-84 / CGCS2000", "WGS-84 / CGCS2000";
        IMPORT_GCJ = "火星坐标，换算", "GCJ-02, convert";
        IMPORT_BD = "百度坐标，换算", "BD-09, convert";
        IMPORT_REFUSED_ROW = "第 {} 行  {}", "row {}  {}";
        IMPORT_MERGE = "合并", "Merge";
        IMPORT_REPLACE = "替换：撤除文件里没有的 {} 个", "Replace: withdraw {} not in the file";
        IMPORT_REASON = "导入原因", "reason";
        IMPORT_REASON_HINT = "为什么导入，记入日志", "why, for the record";
        IMPORT_COMMIT = "导入 {} 行", "Import {} rows";
        IMPORT_DONE = "已导入 {} 行，记录 {}", "imported {} rows, record {}";
        IMPORT_NO_ROWS = "没有可收的行", "no row can be taken";
        IMPORT_SAY_CRS = "先说明坐标系", "say what the coordinates are";
        IMPORT_SAY_WHY = "写明导入原因", "say why";
        IMPORT_NO_WITHDRAWAL = "战时不撤除登记，请用合并", "nothing is withdrawn at war, merge";
        ASK_CITY = "问城", "Ask the city";
        ASK_SUB = "每句话引自记录", "every sentence cites records";
        ASK_QUESTION = "提问", "Question";
        ASK_SORT = "分派", "Sort";
        ASK_DRAFT = "草拟", "Draft";
        ASK_GO = "问", "Ask";
        ASK_HINT = "例：最近一小时哪些内涝点涨得最快", "such as: which flood points rose fastest in the last hour";
        ASK_EXAMPLES = "可以问：最近一小时哪些内涝点涨得最快；哪些部门还没有签收；哪些指令超期；未确认的红色告警；思明区超期的案件；离某地最近的排涝队伍；转移了多少人；有哪些预警；哪些数据源失联；哪里雨量最大", "ask about: flood points rising, orders not signed or overdue, alarms, cases, teams near a place, people moved, warnings, silent sources, readings";
        ASK_WAITING = "正在查记录", "looking it up";
        ASK_FAILED = "没有问成：{}", "not answered: {}";
        ASK_NOTHING = "没有能引到记录的话", "nothing that cites a record";
        ASK_BY_MODEL = "由模型措辞，引自记录", "worded by a model, cited from records";
        ASK_BY_TEMPLATE = "按模板", "by template";
        ASK_AS_OF = "截至 {}，记录 {}", "as of {}, record {}";
        ASK_DROPPED = "{} 句无据，未显示", "{} sentences without grounds, not shown";
        ASK_STANDING_UNKNOWN = "正在问大模型的状态", "asking how the model stands";
        ASK_ON = "大模型 {}（{}）措辞", "worded by {} ({})";
        ASK_OFF = "按模板：{}", "by template: {}";
        ASK_REASON = "启停原因", "reason for switching";
        ASK_REASON_HINT = "启停原因，记入日志", "why, for the record";
        ASK_SWITCH_ON = "启用 1 小时", "On for 1 h";
        ASK_SWITCH_OFF = "停用大模型", "Switch off";
        ASK_SORT_HINT = "贴上一条反映", "paste a report";
        ASK_SORT_NOTE = "先后按事项清单检索；由值班员定夺", "in the list's own order; the officer decides";
        ASK_POINTED = "模型建议（{}）", "suggested by {}";
        ASK_POINTED_AT = "模型建议（{}），因为说到「{}」", "suggested by {}, for it says 「{}」";
        ASK_SITUATION = "情况报告", "Situation report";
        ASK_FLOOD = "汛情简报", "Flood brief";
        ASK_OVERDUE = "督办清单", "What is late";
        ASK_DRAFT_HINT = "选一种，由记录拟出草稿；改好后复制，这里不发送", "choose one: a draft from the records, to edit and copy; nothing is sent from here";
        ASK_COPY = "复制", "Copy";
        DUTIES = "事项", "Duties";
        DUTIES_SUB = "谁牵头、找谁", "who leads, whom to call";
        DUTIES_EXAMPLE = "示例清单，非正式清单", "an example list, not the city's";
        DUTIES_HINT = "发生了什么：词、句或拼音", "what happened: words or pinyin";
        DUTIES_KEYS = "↑↓ 选择  回车展开", "↑↓ choose, Enter opens";
        DUTIES_NONE = "清单里没有对得上的事项", "no duty answers to that";
        DUTIES_ASKING = "正在查", "asking";
        DUTIES_NO_LIST = "城市数据里没有事项清单", "the city pack has no list of duties";
        DUTIES_BUILDING = "事项索引正在建立", "the index of duties is being built";
        DUTIES_FAILED = "没有查到，中枢未答：{}", "not found out, the hub did not answer: {}";
        DUTIES_AGAIN = "回车再查", "Enter asks again";
        DUTY_SUPPORTING = "配合", "with";
        DUTY_CLAUSE = "依据", "clause";
        DUTY_CONTACT = "值班", "on duty";
        DUTY_PHONE = "电话", "phone";
        EXAMPLE = "示例", "example";
        WITHIN_MINS = "{} 分内", "in {} min";
        WITHIN_HOURS = "{} 小时内", "in {} h";
        WITHIN_DAYS = "{} 天内", "in {} days";
        // needs
        NEEDS = "需求", "Needs";
        NEEDS_SUB = "缺 {} 队・失联 {} 队", "short by {}, silent {}";
        NEEDS_N = "需求 {} 处・缺 {} 队", "{} needs, {} teams short";
        NEEDS_NOTE = "建议派遣，按住派出前不动任何队伍", "a proposal: nobody moves before the held button";
        NO_NEEDS = "没有未了结的需求", "no open needs";
        SHORT_BY = "缺 {}", "short {}";
        SILENT_SHORT = "失联 {}", "silent {}";
        RAISE_NEED = "提出需求", "Raise a need";
        PUT_NEED = "在此提出", "Raise it here";
        NEED_AT = "地点 {}", "at {}";
        NEED_NO_PLACE = "先在地图上点一处，或选中一处", "press a place on the map, or select something";
        NEED_WHY = "缘由", "why";
        NEED_WHY_HINT = "缘由（不填按类别写）", "why (left free: the usual)";
        HOW_MANY = "几支队伍", "how many";
        N_TEAMS = "{} 支", "{}";
        NEED_SHORT = "缺 {} / 要 {} 队", "short {} of {}";
        NEED_MET = "已够 {} 队", "met, {}";
        RAISED_AGO = "{}前 {}", "{} ago, {}";
        FROM_ORDER = "指令 {}", "order {}";
        NEAR_PLACE = "近{}", "near {}";
        CLOSE_NEED = "了结", "Close";
        NEED_DONE = "已处置完", "done with";
        NEED_NOT_WANTED = "不再需要", "not needed";
        STAYS_SHORT = "仍缺 {} 队：{}", "still short by {}: {}";
        CHOOSE_OTHER = "换队", "Other";
        CHOOSE_OTHER_FOR = "换下 {}", "another for {}";
        SEND_INSTEAD = "改派 {}", "send {}";
        STANDS_IN = "可代", "stands in";
        NO_OTHERS = "没有别的可用队伍", "no other able team";
        CHANGED_BY_HAND = "值班员改派，原建议 {}", "changed by hand, proposed was {}";
        PROPOSED_AT = "{} 所算・{}", "as of {}, {}";
        PROPOSE_AGAIN = "重算", "Again";
        SEND_N = "按此派出 {} 队", "Send these {}";
        SENT_AS_PROPOSED = "按建议派出", "sent as proposed";
        SENT_AS_CHANGED = "值班员改派 {} 队后派出", "sent, {} changed by hand";
        NOTHING_TICKED = "没有勾选队伍", "no team is ticked";
        HOLD_N_SECS = "按住 {} 秒", "hold for {} s";
        OUT_N = "在外队伍 {}", "teams out: {}";
        SILENT_N = "失联队伍 {}", "silent teams: {}";
        SILENT_FOR = "失联 {}", "silent {}";
        CHECK_IN_LEFT = "报到余 {}", "check-in in {}";
        MISSED_N = "{} 次未报到", "missed {}";
        NO_WORD = "尚无音讯", "no word yet";
        CHECK_IN = "报到", "Spoke";
        CHECKED_BY_HAND = "值班员代记报到", "noted by the duty officer";
        CALL_HOME = "召回", "Call home";
        WHY_RESCUE = "人员被困", "people trapped";
        WHY_FIRE = "火情", "fire";
        WHY_WATER = "水上遇险", "distress on water";
        WHY_DRAINAGE = "积水抢排", "water to pump";
        WHY_POWER = "停电抢修", "power out";
        WHY_MEDICAL = "伤员救治", "people hurt";
        WHY_CITY = "设施损毁", "things broken";
        WHY_LOOK = "现场不明", "nobody knows how it looks";
        CAP_RESCUE = "抢险救援", "rescue";
        CAP_FIRE = "消防", "fire";
        CAP_WATER = "水上救援", "water rescue";
        CAP_DRAINAGE = "排涝", "drainage";
        CAP_POWER = "供电抢修", "power";
        CAP_MEDICAL = "医疗救护", "medical";
        CAP_CITY = "市政抢修", "municipal";
        CAP_LOOK = "侦察", "look";
        // cases
        CASE_RETURN = "退回", "Return";
        CASE_POSTPONE = "延期", "Postpone";
        CASE_CANCEL = "作废", "Cancel it";
        CASE_TRANSFER = "转派", "Transfer";
        CASE_TRANSFER_TO = "转派给{}", "Transfer to {}";
        CASE_TRANSFER_WHOM = "先选接办单位", "choose who takes it";
        CASE_CONFIRM = "确定{}", "{} it";
        CASE_WHY = "原因", "why";
        CASE_WHY_HINT = "另写原因（不填用上面所选）", "another reason (free: the one above)";
        CASE_NEW_DUE = "新期限 {}", "new due {}";
        CASE_STAGE_LEFT = "{}限时 余 {}・{}类", "{}: left {}, class {}";
        CASE_STAGE_OVER = "{}限时 超 {}・{}类", "{}: over {}, class {}";
        CASE_BASIS = "限时依据：{}", "limits: {}";
        CASE_BOUNCING = "来回转派 {} 次：{}", "handed round {} times: {}";
        CASE_GROUP = "同一件事 {} 起上报・首报 {}", "{} reports of one thing, first {}";
        CASE_RETURNED_N = "退回 {} 次", "returned {}";
        CASE_POSTPONED_N = "延期 {} 次，原期限 {}", "postponed {}, due at first {}";
        CASE_CANCELLED = "已作废 {}：{}", "cancelled {}: {}";
        CASE_OWN = "本中心上报第 {} 号・{}", "reported from here, no. {}, {}";
        CASE_STEP = "{}・{} {}", "{}, {} {}";
        CASE_SIGN = "签收", "Sign for";
        CASE_DISPOSE = "处置反馈", "Report handled";
        CASE_CHECK_PASSED = "核查通过", "Check passed";
        CASE_CHECK_FAILED = "核查不通过", "Check failed";
        CASE_EVALUATE = "评价", "Evaluated";
        CASE_ALLOWED = "平台同意{} {}", "platform allows: {} {}";
        CASE_DENIED = "平台不同意{}：{}", "platform denies: {}: {}";
        DISPOSE_DONE = "已处置完毕", "done";
        DISPOSE_SECURED = "已围挡警戒", "fenced off";
        DISPOSE_HANDED = "已移交专业队伍", "handed to a crew";
        CHECK_CLEAN = "现场已恢复", "site restored";
        CHECK_REPAIRED = "设施已修复", "repaired";
        CHECK_BY_PICTURE = "照片比对合格", "pictures agree";
        CASE_PROCESS = "办理过程", "Process";
        PROCESS_ASKING = "正在向案件平台询问办理过程", "asking the case platform";
        PROCESS_FAILED = "问不到办理过程：{}", "the platform does not tell: {}";
        PROCESS_EMPTY = "平台没有办理过程", "the platform has no steps";
        PROCESS_NEXT_PICTURE = "下一张图片", "next picture";
        CASE_PICTURE_FILE = "附图片", "Attach picture";
        CASE_PICTURE_CAMERA = "就近摄像头快照", "Nearest camera";
        CASE_PICTURES_NONE = "未附图片", "no pictures";
        CASE_PICTURES_KEPT = "已附 {} 张", "{} attached";
        CASE_PICTURES_SENDING = "上传 {}/{}・余 {}", "sent {} of {}, {} left";
        CASE_PICTURES_CLEAR = "去掉所附图片", "take the pictures away";
        CASE_PICTURES_WAIT = "图片还在上传", "pictures are on their way";
        CASE_PICTURES_FULL = "图片已满，去掉几张再附", "no room for more pictures";
        CASE_PICTURE_NO_PICTURE = "不是 JPEG 或 PNG 图片", "neither JPEG nor PNG";
        CASE_PICTURE_TOO_LARGE = "图片超过 8 MB，请缩小后再附", "larger than 8 MB";
        CASE_PICTURE_REFUSED = "有图片没有附上：{}", "a picture is left out: {}";
        PROCESS_PICTURES = "平台有图片 {} 张", "pictures at the platform: {}";
        GRID_ON_DUTY = "{}・当班 {} 至 {}", "{}: on duty {} until {}";
        GRID_PLANNED = "（按班次）", " (by the plan)";
        GRID_SEEN = "・位置 {}前", "; seen {} ago";
        GRID_UNSEEN = "・没有位置", "; no position";
        GRID_NOBODY = "{}・现在无人当班", "{}: nobody on duty now";
        STREET_CALL = "一对一视频", "One-to-one video";
        CALL_ASKED = "呼叫中", "calling";
        CALL_RINGING = "振铃", "ringing";
        CALL_ANSWERED = "通话中", "in call";
        CALL_ENDING = "正在挂断", "hanging up";
        CALL_ENDED = "已挂断", "ended";
        CALL_REFUSED = "对方拒接", "refused";
        CALL_NO_ANSWER = "无人接听", "no answer";
        CALL_FAILED = "未能接通", "failed";
        CALL_HANG_UP = "挂断", "Hang up";
        CALL_BY = "{} 发起", "asked by {}";
        AREA_CELLS = "单元网格", "Grid cells";
        AREA_CELLS_SUM = "{} 个・当班 {} 人", "{}, {} on duty";
        RETURN_UNDONE = "没有处置到位", "not done properly";
        RETURN_WRONG = "现场不符", "not as found";
        RETURN_NO_PROOF = "缺处置照片", "no pictures of it";
        TRANSFER_DUTY = "职责不在此", "not theirs to do";
        TRANSFER_AREA = "辖区不符", "another area";
        TRANSFER_ABLE = "力量不足", "short of hands";
        POSTPONE_WEATHER = "天气影响", "weather";
        POSTPONE_PARTS = "等待材料设备", "parts awaited";
        POSTPONE_JOINT = "需多部门协同", "several agencies";
        CANCEL_TWICE = "重复上报", "reported twice";
        CANCEL_FALSE = "查无此事", "nothing found";
        CANCEL_ELSEWHERE = "不属本市", "not this city's";
        PLUS_HOURS = "+{} 小时", "+{} h";
        PLUS_DAYS = "+{} 天", "+{} days";
        // layers
        LAYERS_PANEL = "图层", "Layers";
        LAYERS_SUB = "视野内 / 全部", "in view / all";
        LAYER_SWITCH = "图层 {}", "layer {}";
        OVERLAYS = "叠加", "Overlays";
        LAYER_COUNTS = "单个 {} 聚合 {} 隐去 {}", "single {}, grouped {}, hidden {}";
        THEME_DARK = "深色底图", "dark map";
        THEME_LIGHT = "浅色底图", "light map";
        REDUCED_MOTION = "减少动态", "reduced motion";
        LOCATOR = "位置图", "locator";
        NO_LAYERS = "底图尚未给出图层", "the map has not named its layers yet";
        ATTRIBUTION = "WGS-84・道路与海岸线 © OpenStreetMap・界线仅为示意", "WGS-84; roads and coast © OpenStreetMap; boundaries only indicative";
        // views
        VIEWS = "视图", "Views";
        VIEWS_SUB = "Alt+数字前往 Ctrl+数字存", "Alt+digit goes, Ctrl+digit keeps";
        VIEW_N = "视图 {}", "view {}";
        VIEW_FREE = "空", "free";
        VIEW_STORE = "存为 {}", "keep as {}";
        VIEW_STORED = "已把当前视图存为 {}", "this view is kept as {}";
        // feeds
        FEED_CALLING = "呼叫中", "calling";
        FEED_INVITING = "建立中", "connecting";
        FEED_FIRST_PACKET = "首包", "first packet";
        FEED_PLAYING = "播放", "playing";
        FEED_STALLED = "停滞", "stalled";
        FEED_SNAPSHOT = "快照", "snapshot";
        FEED_FAILED = "失败", "failed";
        FEED_CLOSED = "未打开", "closed";
        FEED_RETRIES = "重试 {}", "retry {}";
        FEED_DELAY = "延迟 {} / {} ms", "delay {} / {} ms";
        MILLISECONDS = "{} ms", "{} ms";
        FEED_DELAY_ONE = "延迟 {} ms", "delay {} ms";
        FEED_LOST_N = "丢 {}", "lost {}";
        FEED_WATCHERS = "{} 屏在看", "{} screens watch";
        FEED_KEPT = "录像中", "recording";
        STILL_OF = "末帧快照 {}・{}前・非实时", "last still {}, {} ago, not live";
        STILL_AGE = "快照 {}前", "still, {} ago";
        WHEEL_OF = "{} 转动中 {}", "turned by {}, {}";
        WHEEL_OWN = "本席", "this seat";
        // pages
        PAGE_FULL = "全屏", "Full";
        PAGE_SMALL = "缩小", "Small";
        PAGE_CLOSE = "关闭本页", "Close the page";
        // camera wall
        CAMERA_WALL = "视频墙", "Camera wall";
        WALL_SUB = "播放 {} / {} 路・中断 {}", "{} of {} playing, {} lost";
        WALL_PICTURES = "{} 路", "{} pictures";
        WALL_N = "{} 路", "{}";
        WALL_NEAREST = "就近可见 9 路", "Nearest 9";
        WALL_N_SEE = "{} 路可见・按登记朝向与距离，不判断遮挡", "{} can see, by registered direction and distance; nothing is said of what stands between";
        WALL_NOBODY_SEES = "附近没有登记能看到此处的摄像头", "no registered camera near can see it";
        WALL_NO_PLACE = "先在地图上点一处，或选中事件", "press a place on the map, or select an event";
        WALL_CAST = "投到大屏", "Show in the hall";
        WALL_CAST_END = "停止投屏", "Stop showing";
        WALL_CAST_DONE = "大屏跟随本席视频墙", "the hall's wall follows this seat's";
        WALL_TAKEN_DOWN = "大屏不再跟随本席", "the hall's wall no longer follows this seat";
        WALL_UNDO = "撤回", "Undo";
        WALL_OWN = "只在本屏：{}", "on this screen alone: {}";
        WALL_OF_SEAT = "{} 的视频墙・{} 路", "camera wall of {}, {}";
        WALL_PICKED_HERE = "本屏自选（V 换）", "chosen on this screen (V)";
        WALL_SENT = "{} 已送大屏", "{} is on the wall";
        WALL_ALREADY = "大屏已经是这一路在先", "the wall shows it first already";
        WALL_BY_HAND = "值班员送上大屏", "sent by the duty officer";
        WALL_NOT_THIS = "这一路不能上大屏", "no wall can show this one";
        WALL_TAKE_DOWN = "大屏还原地图", "Wall: map";
        WALL_CLEAR = "清空", "Clear";
        WALL_EMPTY = "墙上还没有画面", "nothing is on this wall yet";
        WALL_KEYS = "方向键选路  拖动换位  V 单路上大屏  W 投到大屏  T 转动  X 放大  Z 撤回", "arrows choose, drag swaps, V one to the wall, W all, T turns, X enlarges, Z undoes";
        WALL_FREE = "空位 {}", "free {}";
        WALL_PICK = "选路", "Pick";
        WALL_PUT = "放上墙：{}", "put up: {}";
        WALL_FIND = "找摄像头", "Find a camera";
        WALL_FIND_HINT = "名称、编号、区名", "name, number, district";
        WALL_ALL_DISTRICTS = "全市", "all";
        WALL_FOUND = "{} 路", "{} found";
        WALL_FOUND_NONE = "没有符合的摄像头", "no such camera";
        SIGHT_THERE = "朝向此处", "faces it";
        SIGHT_CAN_TURN = "可转向此处", "can be turned to it";
        SIGHT_UNKNOWN = "朝向未登记", "direction not registered";
        SIGHT_FOV = "视场角", "field of view";
        SIGHT_HEIGHT = "高度", "height";
        SIGHT_RANGE = "可视距离", "range";
        SIGHT_AND = "、", ", ";
        SIGHT_MISSING = "{}未登记", "{} not registered";
        TOUR_N = "巡视 {}", "Tour {}";
        TOUR_AT = "巡视 {}/{} 余 {} 秒", "tour {}/{}, {} s left";
        TOUR_START = "开始", "Start";
        TOUR_STOP = "停止", "Stop";
        TOUR_NEXT = "下一路", "Next";
        TOUR_TAKE = "加入墙上各路", "Add the wall";
        TOUR_ADD = "＋巡", "+tour";
        TOUR_EMPTY = "从选路里逐路加入", "add cameras from the list";
        TOUR_NOTE = "在选中的位置轮换；换画面即停", "runs in the chosen place; another picture there ends it";
        TOUR_SHORTER = "缩短：{}", "shorter: {}";
        TOUR_LONGER = "延长：{}", "longer: {}";
        TOUR_REMOVE = "移出巡视：{}", "out of the tour: {}";
        STEER = "转动 T", "Turn T";
        STEER_LET_GO = "放手 Esc", "Let go Esc";
        STEER_PAD = "云台", "pan and tilt";
        STEER_CANNOT = "这一路不能转动", "this one cannot be turned";
        STEER_NO_ROLE = "角色「{}」不能转动摄像头", "the role {} may not turn cameras";
        STEER_HELD = "{} 正在操作，到 {}", "{} has it till {}";
        // drone view
        DRONE_VIEW = "无人机画面", "Drone";
        DRONE_HELD = "控制权 {}", "held by {}";
        DRONE_FREE = "控制权空闲", "held by nobody";
        DRONE_TELEMETRY = "遥测", "Telemetry";
        DRONE_HEIGHT = "离地", "height";
        DRONE_AMSL = "海拔", "above sea";
        DRONE_SPEED = "速度", "speed";
        DRONE_CLIMB = "升降", "climb";
        DRONE_BATTERY = "电量", "battery";
        DRONE_REMAINING = "余航时", "time left";
        DRONE_WIND = "风", "wind";
        DRONE_HOME = "离家", "home";
        DRONE_MODE = "状态", "mode";
        DRONE_STICKS = "遥控", "sticks";
        DRONE_GIMBAL = "云台", "gimbal";
        DRONE_SATELLITES = "卫星", "satellites";
        DRONE_DOCK = "机场", "dock";
        DRONE_ALARM_OVER = "{} 解除", "over {}";
        DRONE_ALARMS_MORE = "还有 {} 条告警", "{} more warnings";
        DRONE_NO_FLIGHT = "没有下过飞行指令", "it was told nothing yet";
        DRONE_FLIGHT = "飞行 {} {}", "flight {}: {}";
        DRONE_CANCEL = "撤销", "Cancel";
        FLY_TAKEOFF = "起飞并飞到", "Take off to";
        FLY_TO = "飞往", "Fly to";
        FLY_ROUTE = "飞航线", "Fly a route";
        FLY_ROUTE_WORDS = "{}・{} 个航点・往返 {}", "{}, {} waypoints, {} out and home";
        FLY_NO_ROUTE = "这架无人机没有航线：在 rules/flights.toml 里画", "it has no route: draw one in rules/flights.toml";
        FLY_HOME = "返航", "Return home";
        FLY_RESUME = "继续", "Go on";
        FLY_LAND = "就地降落", "Land here";
        FLY_PAUSE = "暂停", "Halt";
        FLY_HOVER = "悬停", "Hover";
        FLY_TAKE = "取得控制权", "Take control";
        FLY_GIVE = "交还控制权", "Give control back";
        FLY_STOP = "急停（双人）", "Emergency stop (two)";
        FLY_CO_SIGN = "会签急停", "Co-sign the stop";
        FLY_CANCEL = "撤销飞行", "Cancel the flight";
        FLY_HOLD = "按住{}", "Hold: {}";
        FLY_TARGET = "目标 {}・距 {}", "to {}, {} away";
        FLY_NO_TARGET = "先在画面或地图上点一处目标", "press a target on the picture or the map";
        FLY_HEIGHT = "离地高", "height";
        FLY_REASON_HINT = "缘由（强行下令、接管、撤销、急停必填）", "why (needed to override, take over, cancel or stop)";
        FLY_RECORDED = "{}・先入册后下达，平台接受后才算接受", "{}; recorded, then sent; accepted only once the platform says so";
        FLY_STOP_NOTE = "电机立即停转，飞机坠落；另一席会签后执行", "the motors stop and it falls; done once another seat co-signs";
        FLY_CO_SIGN_NOTE = "{} 提议：{}・余 {}", "proposed by {}: {}, {} left";
        FLY_STOP_EXPIRED = "提议已过期", "the proposal has expired";
        GATE_PHYSICAL = "不能", "cannot";
        GATE_UNWISE = "不宜", "unwise";
        SPOT_HINT = "点画面标地面点", "press the picture to mark the ground";
        SPOT_NO_FIX = "没有新鲜的位置，不能定点", "no fresh position: nothing can be placed";
        SPOT_NO_GIMBAL = "没有云台角度，不能定点", "no gimbal angles: nothing can be placed";
        SPOT_NO_GROUND = "此处看不到地面，或太远", "no ground is seen there, or it is too far";
        SPOT_HOW = "高 {} m・俯仰 {}°・方位 {}°・平地估算", "height {} m, pitch {}°, bearing {}°, over flat ground";
        SPOT_AT = "{} ±{} m・距 {} m", "{} ±{} m, {} m away";
        SPOT_PUT = "标到地图", "Mark it";
        SPOT_DROP = "放弃此点", "Drop the point";
        SPOT_NOTE = "看到什么", "what is seen";
        SPOT_NOTE_HINT = "看到什么", "what is seen";
        SPOT_SEEN = "无人机所见", "seen by drone";
        // sources
        SOURCES = "数据源", "Sources";
        SOURCES_OPEN = "数据源状态", "How the sources do";
        SOURCES_FAILED = "枢纽未答：{}", "the hub did not answer: {}";
        SOURCES_BY_RECORDS = "按记录所载", "as the records say";
        SOURCES_NONE = "没有数据源", "no sources";
        SOURCES_ALL_SEEN = "没有看不见的：各数据源正常", "nothing is out of sight: all sources are well";
        SOURCES_BLIND = "看不见 {}・自 {} 起 {}", "not seen: {}, since {}, {}";
        SOURCES_BLIND_EVER = "看不见 {}・从未收到", "not seen: {}, never heard";
        SOURCES_FAULT = "配置有误，未采用：{}", "the configuration is faulty and not in use: {}";
        SOURCE_REFUSED = "拒收：{}", "refused: {}";
        SOURCES_WEAKENS = "・影响 {}", "; weakens {}";
        SOURCES_MORE_BLIND = "还有 {} 个数据源不正常", "{} more sources are not well";
        SOURCE_HEALTHY = "正常", "healthy";
        SOURCE_DEGRADED = "不稳", "degraded";
        SOURCE_SILENT = "失联", "silent";
        SOURCE_UNKNOWN = "未知", "unknown";
        SOURCE_NAME = "数据源", "source";
        SOURCE_STATE = "状态", "state";
        SOURCE_RATE = "速率", "rate";
        SOURCE_LAG = "滞后", "lag";
        SOURCE_LOST = "丢弃 / 拒收", "dropped / refused";
        SOURCE_HEARD = "最后收到・错误", "last heard, error";
        SOURCE_SORT = "按{}排序", "sort by {}";
        SOURCE_RETRY = "重试", "Retry";
        SOURCE_RETRIED = "{} 正在重试", "{} is tried again";
        SOURCE_RETRY_FAILED = "{} 没有重试：{}", "{} is not tried again: {}";
        SOURCE_BUDGET = "时限 {}", "budget {}";
        SOURCE_ERROR = "最近错误", "last error";
        SOURCE_STANDING = "推送进度", "pushed so far";
        SOURCE_REMEDY = "怎么办", "remedy";
        SOURCE_BLIND = "看不见", "not seen";
        SOURCE_WEAKENS = "影响决策", "weakens";
        SOURCE_RAW = "原文样本", "sample as it came";
        SOURCE_MAPPED = "读成", "read as";
        SOURCE_NO_SAMPLE = "还没有样本", "no sample yet";
        // indicators
        INDICATORS = "指标墙", "Indicators";
        INDICATORS_SUB = "{} 项指标・{} 个数・{}", "{} indicators, {} figures; {}";
        INDICATORS_FAILED = "枢纽未答：{}", "the hub did not answer: {}";
        INDICATORS_COUNTING = "正在计算指标", "counting";
        INDICATORS_OLD = "{} 没有更新", "not updated for {}";
        INDICATORS_FAULT = "口径文件有 {} 处错误，未采用：{}", "the definitions have {} faults and are not in use: {}";
        INDICATORS_NOT_PAST = "回看中不显示指标：这里的数都是现在的", "no indicators in a review: these figures are of now";
        INDICATORS_GRAVE = "要紧", "grave";
        INDICATORS_NONE_GRAVE = "没有越线或异常的指标", "no indicator is beyond its limits or unusual";
        INDICATOR_SAVED = "已导出：{}", "exported: {}";
        INDICATOR_NOT_SAVED = "没有导出：{}", "not exported: {}";
        INDICATOR_UNUSUAL = "异常", "unusual";
        INDICATOR_CORRECTED = "更正", "corrected";
        INDICATOR_CORRECTED_AT = "{} 有迟到或更正的记录改了这个数", "a late or corrected record changed it at {}";
        INDICATOR_TARGET = "目标 {}", "target {}";
        INDICATOR_YESTERDAY = "比昨日此时", "on yesterday";
        INDICATOR_LAST_WEEK = "比上周此时", "on last week";
        INDICATOR_LAST_YEAR = "同比", "on last year";
        INDICATOR_OF_HUB = "本系统记录", "own records";
        INDICATOR_OF_DEVICES = "各设备", "devices";
        INDICATOR_NOW = "实时", "as of now";
        INDICATOR_AS_OF = "截至 {}", "as of {}";
        INDICATOR_STALE = "自 {} 起过时", "stale since {}";
        INDICATOR_NO_TREND = "走势从现在记起", "the trend begins now";
        INDICATOR_GONE = "没有这个数了：口径已改", "this figure is gone: the definitions changed";
        INDICATOR_CLOSE = "收起指标", "close the indicator";
        INDICATOR_SOURCE = "来源", "source";
        INDICATOR_AGE = "时效", "age";
        INDICATOR_PARTS = "分子/分母", "of";
        INDICATOR_HELD = "对照", "against";
        INDICATOR_BANDS = "预警线", "limits";
        INDICATOR_ESTIMATE = "估计", "estimate";
        INDICATOR_ESTIMATE_WHY = "其中有推算的部分", "some of it is reckoned";
        INDICATOR_MORE_GROUPS = "还有 {} 组", "{} more groups";
        INDICATOR_ROWS = "由来", "beneath";
        INDICATOR_N_ROWS = "由 {} 条记录而来", "made of {} records";
        INDICATOR_SAVE = "导出 {}", "Export {}";
        WHOLE_CITY = "全市", "whole city";
        BY_DISTRICT = "按区", "by district";
        BY_TOWNSHIP = "按镇街", "by township";
        BY_AGENCY = "按部门", "by agency";
        BY_PLATFORM = "按平台", "by platform";
        BY_STAGE = "按环节", "by stage";
        BY_AREA = "按领域", "by area";
        BY_COLOR = "按等级", "by level";
        BY_KIND = "按类别", "by kind";
        ANOMALY_LINE = "{} 为 {}，近 {} 天同时刻中位 {}，{}", "{}: {}, median of {} days {}, {}";
        ANOMALY_HIGH = "偏高", "high";
        ANOMALY_LOW = "偏低", "low";
        // briefings
        BRIEFINGS = "会商简报", "Briefings";
        BRIEF_SUB = "{} 份・一页一句话，一张图，三个数，一个决定", "{}・a page: one sentence, one map, three figures, one decision";
        BRIEF_OPEN = "打开简报「{}」", "Open briefing {}";
        BRIEF_SHOW = "放映", "Show";
        BRIEF_N_PAGES = "{} 页", "{} pages";
        BRIEF_LIVE = "数据随时更新", "live figures";
        BRIEF_FROZEN_AT = "数据冻结于 {}", "frozen at {}";
        BRIEF_SHOWN_AT = "上次放映 {}", "last shown {}";
        BRIEF_NEVER_SHOWN = "没有放映过", "never shown";
        BRIEF_NEW = "新建", "New";
        BRIEF_FROM = "从模板：{}", "From template: {}";
        BRIEF_EMPTY = "空白简报", "Empty briefing";
        BRIEF_NEW_TITLE = "会商简报 {}", "Briefing {}";
        BRIEF_FIRST_HEADLINE = "一句话说清这一页", "What this page says, in one sentence";
        BRIEF_FIRST_QUESTION = "提请决定什么", "What is to be decided";
        BRIEF_SINCE = "上次会商以来", "Since the last briefing";
        BRIEF_SINCE_OPEN = "看看有什么变化", "See what changed";
        BRIEF_SINCE_AT = "{} 以来", "since {}";
        BRIEF_SINCE_SHOWN = "「{}」{} 放映以来", "since {} was shown at {}";
        BRIEF_SINCE_ASKING = "正在从记录里归纳…", "reading the record…";
        BRIEF_SINCE_NEVER = "还没有放映过简报，没有上一次", "no briefing was shown yet, so there is no last one";
        BRIEF_SINCE_NOTHING = "没有新记录", "nothing new";
        BRIEF_RECORDS = "记录 {}", "records {}";
        BRIEF_NONE = "还没有简报；从右边的模板开始", "no briefings yet; begin with a template at the right";
        BRIEF_TAKE_OVER = "接着讲", "Take over";
        BRIEF_END = "结束放映", "End";
        BRIEF_ON = "大屏正在放映：{} 第 {} 页", "on the walls: {}, page {}";
        BRIEF_ON_BLACK = "大屏正在放映：{}（黑屏）", "on the walls: {} (black)";
        BRIEF_OVER = "放映已在别处结束", "the showing was ended elsewhere";
        BRIEF_SAVE_AS = "存为 {}", "Save as {}";
        BRIEF_SAVED = "已存到 {}", "saved to {}";
        BRIEF_NOT_SAVED = "没有存成：{}", "not saved: {}";
        BRIEF_NONE_IN_HAND = "先按 F6 打开一份简报的一页，再放进去", "open a page of a briefing with F6 first";
        BRIEF_PAGE_FULL = "第 {} 页已有三个数；换掉一个，或放到别的页", "page {} has three figures; replace one or use another page";
        BRIEF_PUT_ON = "已放进「{}」第 {} 页", "put into {}, page {}";
        BRIEF_PUT = "放进简报", "Into briefing";
        BRIEF_BACK = "返回", "Back";
        BRIEF_MAP = "地图", "map";
        BRIEF_NONE_WHY = "—（{}）", "— ({})";
        BRIEF_STALE_WORD = "（过时）", " (stale)";
        BRIEF_NOT_FROZEN = "冻结时没有这个数", "no such figure when frozen";
        BRIEF_NO_GROUPS = "这个指标不分组", "this indicator has no groups";
        BRIEF_AS_OF = "数据截至 {}", "as of {}";
        BRIEF_SOURCE_OLD = "{} 已 {} 未更新", "{} silent for {}";
        BRIEF_PAGE_OF = "第 {} 页，共 {} 页", "page {} of {}";
        BRIEF_NEXT_DECISION = "提请决定", "Decide";
        BRIEF_DECIDE_BY = "{} 前", "by {}";
        BRIEF_OWNER_IS = "责任：{}", "{} answers for it";
        BRIEF_FOOT = "← → 翻页・B 黑屏・Esc 结束", "← → pages・B black・Esc ends";
        BRIEF_FOOT_LIVE = "数随时更新", "live figures";
        BRIEF_FOOT_LIVE_MAP = "地图和数随时更新", "live map and figures";
        BRIEF_FOOT_FROZEN = "数已冻结", "frozen figures";
        BRIEF_FOOT_FROZEN_MAP = "数已冻结，地图是此刻的", "frozen figures, the map is live";
        BRIEF_BLACK_NOW = "大屏已黑屏，按 B 恢复", "the walls are black; B brings the page back";
        BRIEF_SO_LONG = "共 {}", "{} in all";
        BRIEF_PAGE_SO_LONG = "本页 {}", "this page {}";
        BRIEF_NEXT_PAGE = "下一页", "Next page";
        BRIEF_LAST_PAGE = "这是最后一页", "this is the last page";
        BRIEF_NO_NOTES = "这一页没有备注", "no notes on this page";
        BRIEF_PREVIOUS = "上一页", "Back";
        BRIEF_NEXT = "下一页", "Next";
        BRIEF_BLACK = "黑屏", "Black";
        BRIEF_LIGHT = "恢复", "Light";
        BRIEF_LIGHT_THEME = "浅色", "Light colours";
        BRIEF_DARK_THEME = "深色", "Dark colours";
        BRIEF_KEYS = "← → 翻页・B 黑屏・Home End 首末页・Esc 结束", "← → pages・B black・Home End・Esc ends";
        BRIEF_EDIT_KEYS = "PageUp PageDown 换页，加 Shift 移动・F5 放映", "PageUp PageDown pages, with Shift they move・F5 shows";
        BRIEF_TITLE = "简报标题", "Title";
        BRIEF_HOST = "主持单位", "Host";
        BRIEF_HEADLINE = "标题句", "Headline";
        BRIEF_HEADLINE_OF = "第 {} 页标题句", "Headline of page {}";
        BRIEF_FIGURES = "关键数（最多三个）", "Figures (three at most)";
        BRIEF_FIGURE_LABEL = "第 {} 个数的说法", "Label of figure {}";
        BRIEF_FIGURE_NOTE = "第 {} 个数的补充", "Note to figure {}";
        BRIEF_LABEL_HINT = "说法；不写用指标名", "label; else the indicator's name";
        BRIEF_NOTE_HINT = "补充一行", "a line below";
        BRIEF_CHART = "图", "Chart";
        BRIEF_CHART_TREND = "改看走势", "as trend";
        BRIEF_CHART_GROUPS = "改看分组", "as groups";
        BRIEF_CHART_TITLE = "图的标题", "Title of the chart";
        BRIEF_DECISION = "提请决定", "Decision";
        BRIEF_QUESTION = "提请决定什么", "What is to be decided";
        BRIEF_CONSEQUENCE = "做与不做各会怎样", "What follows if it is done, and if not";
        BRIEF_UNTIL = "何时之前", "Until when";
        BRIEF_OWNER = "谁负责", "Who answers for it";
        BRIEF_NOTES = "备注", "Notes";
        BRIEF_NOTES_OF = "备注：只有讲的人看得到", "Notes: for whoever speaks alone";
        BRIEF_INSERT = "插入数字", "Insert figure";
        BRIEF_ADD = "＋ 添加", "＋ Add";
        BRIEF_CHANGE = "换", "Change";
        BRIEF_TAKE_OUT = "去掉", "Remove";
        BRIEF_TOO_LONG = "最多 {} 字", "{} characters at most";
        BRIEF_PAGE_NEW = "＋ 新页", "＋ Page";
        BRIEF_PAGE_SINCE = "＋ 上次会商以来", "＋ Since the last briefing";
        BRIEF_PAGE_COPY = "复制本页", "Copy page";
        BRIEF_PAGE_REMOVE = "删除本页", "Remove page";
        BRIEF_MAP_ADD = "加上地图", "Add the map";
        BRIEF_MAP_TAKE = "取景：用现在的画面", "Keep this view";
        BRIEF_MAP_REMOVE = "去掉地图", "Remove the map";
        BRIEF_LAYER = "图层：{}", "Layer: {}";
        BRIEF_FREEZE = "冻结数据", "Freeze";
        BRIEF_THAW = "解除冻结", "Unfreeze";
        BRIEF_UNDO = "撤销", "Undo";
        BRIEF_REMOVE = "删除简报", "Delete";
        BRIEF_REMOVE_SURE = "再按一次删除", "Press again to delete";
        BRIEF_PICK = "找指标", "Find an indicator";
        BRIEF_PICK_HINT = "指标名或编号", "name or id";
        BRIEF_PICK_CLOSE = "不选了", "Close";
        BRIEF_PICK_WORD = "往话里插入哪个数", "Which figure into the words";
        BRIEF_PICK_CHART = "图上画哪个指标", "Which indicator for the chart";
        BRIEF_PICK_FIGURE = "放哪个数", "Which figure";
        BRIEF_GROUPS = "分组", "groups";
        BRIEF_GROUPS_OF = "{}的分组", "groups of {}";
        // metrics walls
        INDICATORS_CARDS = "指标", "Indicators";
        METRIC_WALLS = "大屏", "Walls";
        METRIC_WALL_OF = "指标大屏・{}", "Metrics・{}";
        METRIC_WALL_USUAL = "全部指标", "All indicators";
        METRIC_UNKNOWN = "没有指标「{}」", "there is no indicator {}";
        METRIC_NO_FIGURE = "没有这一组的数", "no figure of this group";
        METRIC_FUNNEL = "案件流转・今日", "Cases of today by stage";
        METRIC_FUNNEL_NONE = "今天还没有案件", "no cases today";
        METRIC_FLOW = "在办案件去向", "Where open cases lie";
        METRIC_FLOW_NONE = "没有在办案件", "no open cases";
        METRIC_FLOW_COLUMNS = "来源 → 领域 → 部门", "source → area → agency";
        METRIC_ALARMS = "告警 12 小时", "Alarms, 12 hours";
        METRIC_ALARMS_NONE = "12 小时内没有告警", "no alarms in 12 hours";
        METRIC_LOAD = "告警负荷", "Alarm load";
        METRIC_LOAD_10MIN = "近 10 分钟", "last 10 min";
        METRIC_LOAD_HOUR = "近 1 小时 每 10 分钟", "last hour, per 10 min";
        METRIC_LOAD_DAY = "近 24 小时 每 10 分钟", "last day, per 10 min";
        METRIC_LOAD_WORST = "最多 10 分钟", "worst 10 min";
        METRIC_LOAD_FLOOD = "告警风暴占时", "time in flood";
        METRIC_LOAD_IN_FLOOD = "告警风暴中", "in flood";
        METRIC_LOAD_UNACKED = "未确认 / 未消", "new / open";
        METRIC_LOAD_STANDING = "久挂（24 小时）", "standing (24 h)";
        METRIC_LOAD_HIDDEN = "搁置 / 抑制", "shelved / suppressed";
        METRIC_LOAD_CHATTERING = "抖动", "chattering";
        METRIC_LOAD_TOP = "最多：{}", "most: {}";
        METRIC_GRAVE = "要紧指标", "Grave indicators";
        METRIC_MORE = "还有 {} 项", "{} more";
        METRIC_OTHER = "其他", "other";
        METRIC_OPEN_N = "{} 件", "{}";
        METRIC_N_ALARMS = "{} 条", "{}";
        METRIC_PUT = "放上大屏", "Put on wall";
        METRIC_PUT_DONE = "已放上大屏「{}」", "on the wall {}";
        METRIC_NO_ROOM = "大屏「{}」没有空位：先移开、缩小或移除一张卡", "no room on the wall {}: move, shrink or remove a card first";
        METRIC_NO_ROOM_HERE = "这里放不下", "no room here";
        METRIC_LAYOUTS = "布局", "Layouts";
        METRIC_LAYOUT_SHOWN = "{}・正在大屏", "{}, on the walls";
        METRIC_SEND = "送到大屏", "Show on walls";
        METRIC_UNDO = "撤回", "Undo";
        METRIC_SAVE_AS = "另存为", "Save as";
        METRIC_NAME = "新布局名称", "name of the new layout";
        METRIC_NAME_HINT = "名称，如 防汛值守", "a name, such as Flood watch";
        METRIC_NAME_OK = "存为新布局", "Save";
        METRIC_NAME_TAKEN = "已有同名的布局", "there is a layout of this name";
        METRIC_ADD = "添一张卡", "Add a card";
        METRIC_ADD_NOTE = "指标：在「指标」里点开，再按「放上大屏」", "indicators: open one under Indicators, then Put on wall";
        METRIC_CARD = "选中的卡", "Chosen card";
        METRIC_NO_CARD = "点一张卡，或用 Tab 选", "press a card, or Tab to it";
        METRIC_CARD_SIZE = "{} × {} 格", "{} × {} cells";
        METRIC_CHART = "图形：{}", "Chart: {}";
        METRIC_REMOVE = "移除", "Remove";
        METRIC_REMOVE_OF = "移除 {}", "remove {}";
        METRIC_RESIZE_OF = "改大小 {}", "resize {}";
        METRIC_KEYS = "拖动移动・拖右下角改大小・方向键移动・Shift+方向键改大小・C 换图形・Delete 移除・L 回指标", "drag to move, its corner to resize; arrows move, Shift with arrows resizes, C chart, Delete removes, L back";
        CHART_OWN = "随口径", "as defined";
        CHART_NUMBER = "数", "number";
        CHART_TREND = "走势", "trend";
        CHART_BARS = "柱", "bars";
        CHART_RANKING = "排名", "ranking";
        CHART_MULTIPLES = "分区走势", "by district";
        CHART_CALENDAR = "日历", "calendar";
        CHART_GAUGE = "标尺", "gauge";
        DETECTIONS = "视频识别", "Video recognition";
        DETECTIONS_SUB = "待看 {}・本小时来 {} 条、{} 件，判 {} 件・等候中位 {}", "waiting {}; this hour {} reports, {} things, {} judged; median wait {}";
        DETECTIONS_NONE = "没有等人看的识别事件", "nothing waits to be looked at";
        DETECTION_ROW = "识别 {}：{} {}", "seen {}: {}, {}";
        DETECTION_NO_PICTURE = "没有图片", "no picture";
        DETECTION_PICTURE_COMING = "图片正在取来", "the picture is on its way";
        DETECTION_PICTURE_FAILED = "图片取不来：{}", "no picture: {}";
        DETECTION_CONFIRM = "立案", "Make a case";
        DETECTION_FALSE = "误报", "False alarm";
        DETECTION_DUPLICATE = "并入在办", "Same as a case";
        DETECTION_ELSEWHERE = "改派部门", "Another agency";
        DETECTION_UNDO = "撤回上一件", "Undo the last";
        DETECTION_KEYS = "J K 上下・Enter 或 1 立案・2 误报・3 并入在办・U 撤回・Y 关闭", "J K next, previous; Enter or 1 case; 2 false; 3 same as a case; U undo; Y close";
        DETECTION_WHY_FALSE = "按数字选误报原因，Esc 返回", "choose why it is false by its number, Esc goes back";
        DETECTION_NO_CASE_NEAR = "附近没有在办的案件可并入", "no open case near it could be the same";
        DETECTION_NOTHING_TO_UNDO = "这个席位没有可撤回的判定", "nothing said here can be taken back";
        DETECTION_CAMERA = "摄像头", "camera";
        DETECTION_MAP = "看地图", "On the map";
        DETECTION_SEEN = "看到", "seen";
        DETECTION_SEEN_N = "{} 至 {}，{} 次", "{} to {}, {} times";
        DETECTION_SURE = "可信度", "confidence";
        DETECTION_AGENCY = "归口部门", "agency";
        DETECTION_DUTY = "事项", "duty";
        DETECTION_DUE = "{} 小时内办结", "to close within {} h";
        DETECTION_BASIS = "依据", "basis";
        DETECTION_LIKE = "附近在办的案件", "Open cases near it";
        DETECTION_CASE = "案件", "case";
        DETECTION_SAME = "并入", "Same";
        DETECTION_SAME_AS = "并入案件 {}", "the same as case {}";
        DETECTION_TRUST = "这个摄像头、这一种类", "This camera, this kind";
        DETECTION_SO_FAR = "至今", "so far";
        DETECTION_COUNTS = "出示 {}・立案 {}・误报 {}・重复 {}", "shown {}, cases {}, false {}, same {}";
        DETECTION_FALSE_RATE = "误报率", "false";
        DETECTION_SUGGEST_MUTE = "{}，建议静音", "{}, better muted";
        DETECTION_MUTE = "静音", "Mute";
        DETECTION_MUTE_REASON = "误报率 {}（{}/{}）", "{} false ({} of {})";
        DETECTION_MUTED = "静音中 {}", "Muted {}";
        DETECTION_MUTED_ROW = "{}・至 {}・来过 {} 条・{}", "{} until {}, {} came, {}";
        DETECTION_UNMUTE = "解除", "Hear";
        DETECTION_UNMUTE_OF = "解除静音 {}", "hear {} again";
        TD = "热带低压", "tropical depression";
        TS = "热带风暴", "tropical storm";
        STS = "强热带风暴", "severe tropical storm";
        TY = "台风", "typhoon";
        STY = "强台风", "severe typhoon";
        SUPER_TY = "超强台风", "super typhoon";
    }

    /// The map's layers, on keys 1–8.
    pub const LAYERS: [Tr; 8] = [
        LAYER_EVENTS,
        LAYER_TEAMS,
        LAYER_DRONES,
        LAYER_FACILITIES,
        LAYER_SENSORS,
        LAYER_CAMERAS,
        LAYER_DISTRICTS,
        LAYER_TYPHOON,
    ];
}

impl Lang {
    /// Of words that come in both.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::En if !en.is_empty() => en,
            _ => zh,
        }
    }

    pub fn t(self, text: Tr) -> &'static str {
        match self {
            Self::Zh => text.zh,
            Self::En => text.en,
        }
    }

    /// A text with its `{}`s filled in order; what is left over is left out.
    pub fn fill(self, text: Tr, with: &[&str]) -> String {
        let mut out = String::new();
        let mut with = with.iter();
        for (i, part) in self.t(text).split("{}").enumerate() {
            if i > 0 {
                out.push_str(with.next().copied().unwrap_or_default());
            }
            out.push_str(part);
        }
        out
    }

    /// How long a team needs, and by which way that was reckoned; whole minutes, rounded up.
    pub fn eta(self, secs: f64, by: EtaBy) -> String {
        let minutes = format!("{:.0}", (secs / 60.0).ceil());
        match by {
            EtaBy::Road => self.fill(tr::N_MINUTES_BY_ROAD, &[&minutes]),
            EtaBy::StraightLine => self.fill(tr::N_MINUTES_STRAIGHT, &[&minutes]),
            EtaBy::Air => self.fill(tr::N_MINUTES_BY_AIR, &[&minutes]),
            EtaBy::Water => self.fill(tr::N_MINUTES_BY_WATER, &[&minutes]),
        }
    }

    /// `42秒`, `11分`, `1时08分`; `42 s`, `11 min`, `1 h 08`.
    pub fn elapsed(self, secs: i64) -> String {
        let secs = secs.max(0);
        match self {
            Self::Zh => elapsed_text(secs),
            Self::En if secs < 60 => format!("{secs} s"),
            Self::En if secs < 3600 => format!("{} min", secs / 60),
            Self::En => format!("{} h {:02}", secs / 3600, secs / 60 % 60),
        }
    }

    /// `2026-06-18 周四`.
    pub fn date(self, at: Timestamp) -> String {
        let day = at.beijing();
        let i = day.weekday().to_monday_zero_offset() as usize;
        let weekday = match self {
            Self::Zh => ["周一", "周二", "周三", "周四", "周五", "周六", "周日"][i % 7],
            Self::En => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][i % 7],
        };
        format!("{} {weekday}", day.date())
    }

    /// `18:00` today, `20日 02:00` another day.
    pub fn day_time(self, at: Timestamp, now: Timestamp) -> String {
        let (day, today) = (at.beijing(), now.beijing());
        match (day.date() == today.date(), self) {
            (true, _) => at.hm(),
            (false, Self::Zh) => format!("{}日 {}", day.day(), at.hm()),
            (false, Self::En) => format!("{}. {}", day.day(), at.hm()),
        }
    }

    /// `20日02时`.
    pub fn day_hour(self, at: Timestamp) -> String {
        let day = at.beijing();
        match self {
            Self::Zh => format!("{}日{:02}时", day.day(), day.hour()),
            Self::En => format!("{}. {:02}h", day.day(), day.hour()),
        }
    }

    /// A figure and its unit; `—` when there is none.
    pub fn value(self, value: f64, unit: &str) -> String {
        if !value.is_finite() {
            return "—".into();
        }
        let digits = if unit == "m" { 2 } else { usize::from(value.abs() < 100.0 && value.fract().abs() > 0.05) };
        format!("{value:.digits$} {unit}").trim_end().to_owned()
    }

    /// Where something lies, in eight words.
    pub fn bearing(self, degrees: f64) -> &'static str {
        compass_word(degrees, self.paper())
    }

    pub fn stage(self, stage: CaseStage) -> &'static str {
        use tr::*;
        self.t([STAGE0, STAGE1, STAGE2, STAGE3, STAGE4, STAGE5, STAGE6][stage as usize])
    }

    pub fn hazard(self, hazard: Option<Hazard>) -> &'static str {
        match hazard {
            Some(Hazard::Typhoon) => self.t(tr::HAZARD_TYPHOON),
            Some(Hazard::Rainstorm) => self.t(tr::HAZARD_RAINSTORM),
            Some(Hazard::ForestFire) => self.t(tr::HAZARD_FOREST_FIRE),
            Some(Hazard::Earthquake) => self.t(tr::HAZARD_EARTHQUAKE),
            Some(Hazard::General) => self.t(tr::HAZARD_GENERAL),
            Some(Hazard::Other) => self.t(tr::HAZARD_OTHER),
            None => "",
        }
    }

    /// `台风橙色预警`; the sender's own headline where we have no word for the hazard.
    pub fn warning(self, warning: &Warning) -> String {
        if warning.hazard == Hazard::Other && self == Self::Zh && !warning.headline.is_empty() {
            return warning.headline.to_string();
        }
        let color = match self {
            Self::Zh => warning.color.glyph(),
            Self::En => match warning.color {
                WarningColor::Blue => "blue",
                WarningColor::Yellow => "yellow",
                WarningColor::Orange => "orange",
                WarningColor::Red => "red",
            },
        };
        self.fill(tr::WARNING_OF, &[self.hazard(Some(warning.hazard)), color])
    }

    /// GB/T 19201 by wind, m/s.
    pub fn typhoon_grade(self, wind: f32) -> &'static str {
        self.t(match wind {
            w if w >= 51.0 => tr::SUPER_TY,
            w if w >= 41.5 => tr::STY,
            w if w >= 32.7 => tr::TY,
            w if w >= 24.5 => tr::STS,
            w if w >= 17.2 => tr::TS,
            _ => tr::TD,
        })
    }

    pub fn rung(self, rung: Rung) -> &'static str {
        match self {
            Self::Zh => rung.name_zh(),
            Self::En => match rung {
                Rung::Drafted => "drafted",
                Rung::Sent => "undelivered",
                Rung::Delivered => "delivered",
                Rung::Acknowledged => "signed",
                Rung::Accepted => "accepted",
                Rung::Executing => "executing",
                Rung::Done => "done",
                Rung::Rejected => "rejected",
                Rung::Failed => "failed",
                Rung::Cancelled => "cancelled",
                Rung::Superseded => "superseded",
            },
        }
    }

    pub fn channel(self, channel: Channel) -> &'static str {
        match self {
            Self::Zh => channel.name_zh(),
            Self::En => match channel {
                Channel::Platform => "platform",
                Channel::PlatformAndCall => "platform + call",
                Channel::PlatformAndSms => "platform + SMS",
            },
        }
    }

    pub fn capability(self, capability: Capability) -> &'static str {
        self.t(match capability {
            Capability::Rescue => tr::CAP_RESCUE,
            Capability::Fire => tr::CAP_FIRE,
            Capability::Water => tr::CAP_WATER,
            Capability::Drainage => tr::CAP_DRAINAGE,
            Capability::Power => tr::CAP_POWER,
            Capability::Medical => tr::CAP_MEDICAL,
            Capability::City => tr::CAP_CITY,
            Capability::Look => tr::CAP_LOOK,
        })
    }

    pub fn unit_kind(self, kind: UnitKind) -> &'static str {
        self.t(match kind {
            UnitKind::Team => tr::UNIT_TEAM,
            UnitKind::Vehicle => tr::UNIT_VEHICLE,
            UnitKind::Pump => tr::UNIT_PUMP,
            UnitKind::Boat => tr::UNIT_BOAT,
            UnitKind::Helicopter => tr::UNIT_HELICOPTER,
            UnitKind::Drone => tr::UNIT_DRONE,
        })
    }

    pub fn class(self, class: EvacueeClass) -> &'static str {
        match self {
            Self::Zh => class.name_zh(),
            Self::En => match class {
                EvacueeClass::UrbanVillage => "urban villages",
                EvacueeClass::Visitors => "visitors",
                EvacueeClass::SeaAndSites => "sea and sites",
                EvacueeClass::SpecialTrades => "special trades",
                EvacueeClass::Responders => "responders",
            },
        }
    }

    pub fn call_channel(self, channel: CallChannel) -> &'static str {
        match self {
            Self::Zh => channel.name_zh(),
            Self::En => match channel {
                CallChannel::Message => "message",
                CallChannel::Sms => "SMS",
                CallChannel::Voice => "voice",
                CallChannel::Radio => "radio",
            },
        }
    }

    pub fn call_state(self, state: CallState) -> &'static str {
        match self {
            Self::Zh => state.name_zh(),
            Self::En => match state {
                CallState::Reached => "reached",
                CallState::Calling => "calling",
                CallState::Late => "late",
                CallState::GivenUp => "given up",
                CallState::NobodyAssigned => "nobody assigned",
            },
        }
    }

    pub fn attempt_state(self, state: AttemptState) -> &'static str {
        match self {
            Self::Zh => state.name_zh(),
            Self::En => match state {
                AttemptState::Recorded => "to be sent",
                AttemptState::Accepted => "at the gateway",
                AttemptState::Delivered => "delivered",
                AttemptState::NoAnswer => "no answer",
                AttemptState::Failed => "unreachable",
                AttemptState::Answered => "answered",
            },
        }
    }

    pub fn proposal_end(self, how: ProposalEnd) -> &'static str {
        match self {
            Self::Zh => how.name_zh(),
            Self::En => match how {
                ProposalEnd::CoSigned => "co-signed",
                ProposalEnd::Declined => "declined",
                ProposalEnd::Withdrawn => "withdrawn",
                ProposalEnd::Superseded => "superseded",
                ProposalEnd::Expired => "expired",
            },
        }
    }

    pub fn tally_flag(self, flag: TallyFlag) -> &'static str {
        match self {
            Self::Zh => flag.name_zh(),
            Self::En => match flag {
                TallyFlag::MoreThanExpected => "more than expected",
                TallyFlag::ReturnedWhileLocked => "returned while locked",
                TallyFlag::Corrected => "corrected by hand",
            },
        }
    }

    pub fn sensor(self, kind: SensorKind) -> &'static str {
        match self {
            Self::Zh => kind.name_zh(),
            Self::En => match kind {
                SensorKind::FloodDepth => "flood depth",
                SensorKind::Tide => "tide",
                SensorKind::Rain => "rain",
                SensorKind::Wind => "wind",
                SensorKind::Noise => "site noise",
                SensorKind::Tilt => "billboard tilt",
                SensorKind::Air => "air",
                SensorKind::WaterQuality => "water quality",
                SensorKind::Sound => "sound",
                SensorKind::Exhaust => "exhaust",
            },
        }
    }

    pub fn breach(self, breach: Breach) -> &'static str {
        match self {
            Self::Zh => breach.name_zh(),
            Self::En => breach.name_en(),
        }
    }

    /// What an alarm comes of; empty for one of another release.
    pub fn cause(self, cause: AlarmCause) -> &'static str {
        let breach = cause.breach().map(|it| self.breach(it));
        breach.or_else(|| cause.kind().map(|it| self.sensor(it))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_something() {
        for (name, text) in tr::ALL {
            assert!(!text.zh.is_empty() && !text.en.is_empty(), "{name}");
        }
    }

    #[test]
    fn fill_goes_in_order_and_never_panics() {
        assert_eq!(Lang::Zh.fill(tr::TOTALS, &["47", "31", "6.93万"]), "47 条指令  31 家单位  6.93万 人待转移");
        assert_eq!(Lang::Zh.fill(tr::N_PEOPLE, &[]), " 人");
    }
}
