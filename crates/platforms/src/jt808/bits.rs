//! The alarm and status words of 0x0200.

use gulang_city::Breach;

/// A bit of the alarm word. Bits 0–15 and 18–31 as the editions number them [G]; the others are kept in
/// [`super::Position::alarms`] and have no name here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum AlarmBit {
    Emergency = 0,
    Speeding = 1,
    Fatigue = 2,
    Danger = 3,
    GnssFault = 4,
    AntennaCut = 5,
    AntennaShort = 6,
    LowPower = 7,
    PowerCut = 8,
    DisplayFault = 9,
    VoiceFault = 10,
    CameraFault = 11,
    CardReaderFault = 12,
    SpeedWarning = 13,
    FatigueWarning = 14,
    TyrePressure = 16,
    DayOverDriving = 18,
    LongStop = 19,
    Area = 20,
    Route = 21,
    LegTime = 22,
    OffRoute = 23,
    SpeedSensorFault = 24,
    FuelAbnormal = 25,
    Stolen = 26,
    IllegalIgnition = 27,
    IllegalMove = 28,
    Collision = 29,
    Rollover = 30,
    IllegalDoor = 31,
}

impl AlarmBit {
    pub const ALL: [Self; 30] = [
        Self::Emergency,
        Self::Speeding,
        Self::Fatigue,
        Self::Danger,
        Self::GnssFault,
        Self::AntennaCut,
        Self::AntennaShort,
        Self::LowPower,
        Self::PowerCut,
        Self::DisplayFault,
        Self::VoiceFault,
        Self::CameraFault,
        Self::CardReaderFault,
        Self::SpeedWarning,
        Self::FatigueWarning,
        Self::TyrePressure,
        Self::DayOverDriving,
        Self::LongStop,
        Self::Area,
        Self::Route,
        Self::LegTime,
        Self::OffRoute,
        Self::SpeedSensorFault,
        Self::FuelAbnormal,
        Self::Stolen,
        Self::IllegalIgnition,
        Self::IllegalMove,
        Self::Collision,
        Self::Rollover,
        Self::IllegalDoor,
    ];

    pub const fn mask(self) -> u32 {
        1 << self as u32
    }

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Emergency => "紧急报警",
            Self::Speeding => "超速",
            Self::Fatigue => "疲劳驾驶",
            Self::Danger => "危险预警",
            Self::GnssFault => "定位模块故障",
            Self::AntennaCut => "定位天线断开",
            Self::AntennaShort => "定位天线短路",
            Self::LowPower => "主电源欠压",
            Self::PowerCut => "主电源掉电",
            Self::DisplayFault => "显示器故障",
            Self::VoiceFault => "语音模块故障",
            Self::CameraFault => "摄像头故障",
            Self::CardReaderFault => "读卡器故障",
            Self::SpeedWarning => "超速预警",
            Self::FatigueWarning => "疲劳预警",
            Self::TyrePressure => "胎压异常",
            Self::DayOverDriving => "当天驾驶超时",
            Self::LongStop => "超时停车",
            Self::Area => "进出区域",
            Self::Route => "进出路线",
            Self::LegTime => "路段时间异常",
            Self::OffRoute => "偏离路线",
            Self::SpeedSensorFault => "车速传感器故障",
            Self::FuelAbnormal => "油量异常",
            Self::Stolen => "车辆被盗",
            Self::IllegalIgnition => "非法点火",
            Self::IllegalMove => "非法位移",
            Self::Collision => "碰撞",
            Self::Rollover => "侧翻",
            Self::IllegalDoor => "非法开门",
        }
    }

    /// What of it becomes an alarm of the city, where somebody has to act at once; the rest colours the vehicle.
    pub fn breach(self) -> Option<Breach> {
        match self {
            Self::Emergency => Some(Breach::Emergency),
            Self::Stolen => Some(Breach::Stolen),
            Self::Collision => Some(Breach::Collision),
            Self::Rollover => Some(Breach::Rollover),
            _ => None,
        }
    }

    /// Those set in a word, in their order.
    pub fn of(word: u32) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |it| word & it.mask() != 0)
    }
}

/// The status word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    pub const ACC_ON: u32 = 1;
    pub const LOCATED: u32 = 1 << 1;
    pub const SOUTH: u32 = 1 << 2;
    pub const WEST: u32 = 1 << 3;
    pub const OUT_OF_SERVICE: u32 = 1 << 4;
    pub const ENCRYPTED: u32 = 1 << 5;
    pub const FULL: u32 = 3 << 8;

    pub fn is_acc_on(self) -> bool {
        self.0 & Self::ACC_ON != 0
    }

    /// Its position is one.
    pub fn is_located(self) -> bool {
        self.0 & Self::LOCATED != 0
    }

    pub fn is_south(self) -> bool {
        self.0 & Self::SOUTH != 0
    }

    pub fn is_west(self) -> bool {
        self.0 & Self::WEST != 0
    }

    /// 停运.
    pub fn is_out_of_service(self) -> bool {
        self.0 & Self::OUT_OF_SERVICE != 0
    }

    /// Coordinates went through the confidential plug-in: they are not WGS-84, and nobody outside can turn them back.
    pub fn is_encrypted(self) -> bool {
        self.0 & Self::ENCRYPTED != 0
    }

    /// 空车、半载、满载; `None` where the bits say nothing.
    pub fn load_zh(self) -> Option<&'static str> {
        match (self.0 >> 8) & 3 {
            0 => Some("空车"),
            1 => Some("半载"),
            3 => Some("满载"),
            _ => None,
        }
    }
}
