//! What nobody sees while a source is silent, and which decision rests on it: sentences for the page of sources.

use crate::connectors::names;
use gulang_platforms::mapping::To;

/// (what cannot be seen, which decision it weakens), in Chinese.
pub type Blind = (&'static str, &'static str);

/// Of a source by its name, for those the hub knows; else by its kind.
pub fn blind_of(name: &str, kind: &str, mapped_to: Option<To>) -> Blind {
    let by_name = match name {
        names::SENSORS => Some(("内涝、雨量、水位、风速读数", "响应级别的建议，内涝点封控")),
        names::TEAMS => Some(("队伍在哪里、往哪里去", "就近派队和到达时间")),
        names::DRONES => Some(("无人机的位置、电量和画面", "起飞、返航和空中核查")),
        names::CAP => Some(("气象预警的发布、更新和解除", "预警联动和响应级别")),
        names::TYPHOON => Some(("台风的位置、风圈和预报路径", "提前量：何时转移、何时收船")),
        names::THINGS => Some(("井盖、摄像头、设备、单车的状态", "部件处置和周边可用的摄像头")),
        names::VIDEO_AI => Some(("摄像头识别出的违规", "违规事项的发现和立案")),
        names::CASES => Some(("新的案件和办理进度", "派遣、督办和按期率")),
        names::EMERGENCY => Some(("指令的签收、领受，转移人数", "平转战后的跟办和转移进度")),
        names::MESSAGE | names::SMS | names::VOICE => Some(("叫应是否送到、是否接通", "叫应到没到人，要不要升级")),
        names::ASSISTANT => Some(("没有看不见的：问答和草拟按模板", "只是措辞，不影响判断")),
        _ => None,
    };
    let by_mapping = |to: To| match to {
        To::Gauge => ("这一来源的读数", "以它为条件的预案和告警"),
        To::Measured => ("这一来源的器件读数", "部件处置，以及这类读数的超限"),
        To::Thing => ("这一来源的部件位置和状态", "部件处置和周边查找"),
        To::Team => ("这一来源的队伍位置", "就近派队和到达时间"),
        To::Case => ("这一来源的案件", "派遣和督办"),
    };
    let by_kind = match kind {
        "video-ai" => ("摄像头识别出的违规", "违规事项的发现和立案"),
        "webhook" | "rest" | "mqtt" => ("这一来源推送或应答的消息", "依它判断的事项"),
        _ => ("这一来源的消息", "依它判断的事项"),
    };
    by_name.or(mapped_to.map(by_mapping)).unwrap_or(by_kind)
}
