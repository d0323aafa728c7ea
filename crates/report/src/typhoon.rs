//! A typhoon on paper: where it is, where it will be by one agency's forecast, and which warnings are in force.
//!
//! What feeds and senders said, each with its time; nothing is forecast here but when a wind circle arrives, which is
//! [`City::circle_arrival`]'s. Must not know: on what page it stands.

use crate::Block;
use gulang_city::{City, Forecast, LonLat, PaperLang, Timestamp, Typhoon, TyphoonFix, Warning, beaufort, compass_word};

/// Points of a forecast told at most.
const MAX_POINTS: usize = 12;

/// What a bulletin says of it; that there is none is said too.
pub(crate) fn blocks(city: &City, now: Timestamp, lang: PaperLang) -> Vec<Block> {
    let teller = Teller { city, now, lang };
    let mut blocks = match city.latest_typhoon().filter(|it| it.active) {
        Some(it) => teller.typhoon(it),
        None => vec![text(lang.of("目前没有活动的台风。", "No typhoon is active."))],
    };
    blocks.push(teller.warnings());
    blocks
}

fn text(words: &str) -> Block {
    Block::Text { text: words.to_owned() }
}

struct Teller<'a> {
    city: &'a City,
    now: Timestamp,
    lang: PaperLang,
}

impl Teller<'_> {
    fn typhoon(&self, typhoon: &Typhoon) -> Vec<Block> {
        let lang = self.lang;
        let Some(fix) = typhoon.track.last() else {
            return vec![text(lang.of("台风已编号，还没有收到实测位置。", "A typhoon is named; no fix has come yet."))];
        };
        let name = match lang {
            PaperLang::Zh => format!("{} 号台风“{}”（{}）", typhoon.number(), typhoon.name, typhoon.name_en),
            PaperLang::En => format!("{} {} {}", typhoon.number(), typhoon.name_en, typhoon.name),
        };
        let row = |zh: &str, en: &str, value: String| vec![lang.of(zh, en).to_owned(), value];
        let rows = vec![
            row("台风", "Typhoon", name),
            row("实测时间", "Fix of", day_time(fix.at)),
            row("中心位置", "Centre", self.place(fix.center)),
            row("中心风力", "Wind at the centre", self.wind(fix.wind)),
            row("中心气压", "Central pressure", pressure(fix.pressure)),
            row("移动", "Moving", self.movement(fix)),
            row("七级风圈到达本市", "Circle of grade 7 arrives", self.arrival(7)),
            row("十级风圈到达本市", "Circle of grade 10 arrives", self.arrival(10)),
            row("实况来源", "Fix told by", self.source(typhoon)),
        ];
        let header = [lang.of("项目", "What"), lang.of("实况", "As observed")].map(str::to_owned).to_vec();
        let mut blocks = vec![Block::Table { widths: vec![28, 72], header, rows }];
        let latest = typhoon.latest_forecasts();
        if let Some(it) = latest.iter().find(|it| it.is_national()).or(latest.first()) {
            blocks.extend(self.forecast(it));
        }
        blocks
    }

    /// The points that are still to come.
    fn forecast(&self, it: &Forecast) -> Vec<Block> {
        let lang = self.lang;
        let row = |at: &gulang_city::ForecastPoint| {
            vec![day_time(at.at), self.place(at.center), self.wind(at.wind), pressure(at.pressure)]
        };
        let rows: Vec<Vec<String>> = it.points.iter().filter(|it| it.at > self.now).take(MAX_POINTS).map(row).collect();
        let issued = day_time(it.issued_at);
        let said = match (lang, rows.is_empty()) {
            (PaperLang::Zh, false) => format!("预报：{}，{issued} 发布。", it.agency),
            (PaperLang::En, false) => format!("Forecast: {}, issued {issued}.", it.agency),
            (PaperLang::Zh, true) => format!("预报：{} {issued} 发布的已全部过时。", it.agency),
            (PaperLang::En, true) => format!("Forecast: that of {}, issued {issued}, is over.", it.agency),
        };
        let header = match lang {
            PaperLang::Zh => ["时间", "位置", "风力", "气压"],
            PaperLang::En => ["Time", "Place", "Wind", "Pressure"],
        };
        let header = header.map(str::to_owned).to_vec();
        let table = (!rows.is_empty()).then(|| Block::Table { widths: vec![16, 48, 20, 16], header, rows });
        std::iter::once(text(&said)).chain(table).collect()
    }

    /// `23.5°N 119.2°E，东南 128 km`: how far from the city.
    fn place(&self, at: LonLat) -> String {
        let center = self.city.center;
        let (km, to) = (center.distance_m(at) / 1000.0, compass_word(center.bearing_to(at), self.lang));
        let north = if at.1 < 0.0 { 'S' } else { 'N' };
        let east = if at.0 < 0.0 { 'W' } else { 'E' };
        let (lat, lon) = (at.1.abs(), at.0.abs());
        match self.lang {
            PaperLang::Zh => format!("{lat:.1}°{north} {lon:.1}°{east}，在本市{to} {km:.0} km"),
            PaperLang::En => format!("{lat:.1}°{north} {lon:.1}°{east}, {km:.0} km {to} of the city"),
        }
    }

    fn wind(&self, wind: f32) -> String {
        match self.lang {
            _ if wind <= 0.0 => "—".to_owned(),
            PaperLang::Zh => format!("{wind:.0} m/s（{} 级）", beaufort(wind)),
            PaperLang::En => format!("{wind:.0} m/s (Beaufort {})", beaufort(wind)),
        }
    }

    fn movement(&self, fix: &TyphoonFix) -> String {
        if fix.move_speed <= 0.0 {
            return "—".to_owned();
        }
        format!("{} {:.0} km/h", compass_word(f64::from(fix.move_towards), self.lang), fix.move_speed)
    }

    fn arrival(&self, grade: u8) -> String {
        match self.city.circle_arrival(grade, self.city.center, self.now) {
            Some(it) if it.inside => self.lang.of("已触及", "already here").to_owned(),
            Some(it) => format!("{} {}", self.lang.of("约", "about"), day_time(it.at)),
            None => self.lang.of("按预报不到达", "not by the forecast").to_owned(),
        }
    }

    fn source(&self, typhoon: &Typhoon) -> String {
        let lead = self.city.typhoon_sources.get(&typhoon.id).map(|it| &it.lead);
        let name = lead.map(|it| self.city.connectors.get(it).map_or(it.as_str(), |it| &it.name));
        name.unwrap_or("—").to_owned()
    }

    /// In the words of whoever sent them.
    fn warnings(&self) -> Block {
        let in_force = |it: &&Warning| !it.cancelled && it.sent_at <= self.now && it.expires_at > self.now;
        let mut warnings: Vec<&Warning> = self.city.warnings.values().filter(in_force).collect();
        if warnings.is_empty() {
            return text(self.lang.of("目前没有生效的预警。", "No warning is in force."));
        }
        warnings.sort_by_key(|it| (std::cmp::Reverse(it.color), it.sent_at));
        let row = |it: &&Warning| {
            vec![it.headline.to_string(), it.sender.to_string(), day_time(it.sent_at), day_time(it.expires_at)]
        };
        let header = match self.lang {
            PaperLang::Zh => ["生效预警", "发布单位", "发布", "有效至"],
            PaperLang::En => ["Warning in force", "Sender", "Sent", "Until"],
        };
        let header = header.map(str::to_owned).to_vec();
        Block::Table { widths: vec![48, 24, 14, 14], header, rows: warnings.iter().map(row).collect() }
    }
}

fn pressure(hpa: f32) -> String {
    if hpa > 0.0 { format!("{hpa:.0} hPa") } else { "—".to_owned() }
}

fn day_time(at: Timestamp) -> String {
    at.beijing().strftime("%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{ForecastPoint, Hazard, Realm, WarningColor, WindRadii, tiny_pack};

    const NOW: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00 Beijing

    /// A typhoon 280 km off, a forecast half of which is over, and a warning that ends at 12:00.
    fn city() -> City {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        let off = LonLat(city.center.0 + 2.0, city.center.1 - 1.8);
        let fix = TyphoonFix {
            at: NOW.plus_mins(-60),
            center: off,
            wind: 48.0,
            pressure: 0.0,
            move_speed: 20.0,
            move_towards: 315.0,
            radius7: WindRadii([50.0; 4]),
            radius10: WindRadii([0.0; 4]),
            radius12: WindRadii([0.0; 4]),
        };
        let point = |mins, center| ForecastPoint { at: NOW.plus_mins(mins), center, wind: 40.0, pressure: 955.0 };
        let forecast = Forecast {
            agency: "中国".into(),
            issued_at: NOW.plus_mins(-120),
            points: vec![point(-20, off), point(600, city.center)],
        };
        let typhoon = Typhoon {
            id: "202305".into(),
            name: "杜苏芮".into(),
            name_en: "DOKSURI".into(),
            active: true,
            track: vec![fix],
            forecasts: vec![forecast],
        };
        city.typhoons.insert(typhoon.id.clone(), typhoon);
        let warning = Warning {
            id: "w".into(),
            hazard: Hazard::Typhoon,
            color: WarningColor::Red,
            headline: "台风红色预警".into(),
            sender: "市气象台".into(),
            sent_at: NOW.plus_mins(-30),
            expires_at: NOW.plus_mins(120),
            districts: vec![],
            cancelled: false,
            exercise: false,
        };
        city.warnings.insert(warning.id.clone(), warning);
        city
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut City), now: Timestamp, lang: PaperLang, wanted: &[&str], unwanted: &[&str]) {
        let mut city = city();
        change(&mut city);
        let text = format!("{:?}", blocks(&city, now, lang));
        for words in wanted {
            assert!(text.contains(words), "{words}: {text}");
        }
        for words in unwanted {
            assert!(!text.contains(words), "{words}: {text}");
        }
    }

    #[test]
    fn what_feeds_said_stands_there_and_what_none_said_is_a_dash() {
        let wanted = [
            "2305 号台风“杜苏芮”",
            "07-27 09:00",
            "东南",
            "48 m/s（15 级）",
            "西北 20 km/h",
            "07-27 20:00",
            "台风红色预警",
        ];
        check(|_| (), NOW, PaperLang::Zh, &wanted, &["0 hPa", "09:40"]);
        let wanted =
            ["2305 DOKSURI", "SE of the city", "Beaufort 15", "NW 20 km/h", "issued 07-27 08:00", "Warning in force"];
        check(|_| (), NOW, PaperLang::En, &wanted, &["本市", "级", "预报"]);
    }

    #[test]
    fn what_is_over_is_said_to_be_over() {
        let over = NOW.plus_mins(700);
        check(|_| (), over, PaperLang::Zh, &["已全部过时", "目前没有生效的预警"], &["台风红色预警"]);
        let end = |city: &mut City| city.typhoons.values_mut().for_each(|it| it.active = false);
        check(end, NOW, PaperLang::Zh, &["目前没有活动的台风"], &["杜苏芮"]);
        let bare = |city: &mut City| city.typhoons.values_mut().for_each(|it| it.track.clear());
        check(bare, NOW, PaperLang::En, &["no fix has come yet"], &[]);
    }
}
