//! Units by their symbols, from a server's to ours. What is not in the table is not converted: a guess of ten times too deep
//! would send pumps.

/// `ours = theirs * factor + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    pub factor: f64,
    pub offset: f64,
}

impl Conversion {
    pub const SAME: Self = Self { factor: 1.0, offset: 0.0 };

    pub fn apply(self, value: f64) -> f64 {
        value * self.factor + self.offset
    }
}

/// A unit in terms of its quantity's base: name as symbols write it, quantity, factor and offset to the base.
type Known = (&'static [&'static str], &'static str, f64, f64);

/// Symbols are compared without blanks and case.
const KNOWN: &[Known] = &[
    (&["m", "metre", "meter", "米"], "length", 1.0, 0.0),
    (&["dm", "分米"], "length", 0.1, 0.0),
    (&["cm", "厘米"], "length", 0.01, 0.0),
    (&["mm", "毫米"], "length", 0.001, 0.0),
    (&["km", "千米", "公里"], "length", 1000.0, 0.0),
    (&["m/s", "mps", "m·s-1", "ms-1", "米/秒"], "speed", 1.0, 0.0),
    (&["km/h", "kmh", "kph", "千米/时"], "speed", 1.0 / 3.6, 0.0),
    (&["kn", "kt", "节"], "speed", 1852.0 / 3600.0, 0.0),
    (&["degc", "°c", "℃", "celsius", "摄氏度"], "temperature", 1.0, 0.0),
    (&["k", "kelvin"], "temperature", 1.0, -273.15),
    (&["degf", "°f", "℉"], "temperature", 5.0 / 9.0, -160.0 / 9.0),
    (&["pa", "帕"], "pressure", 1.0, 0.0),
    (&["hpa", "mbar", "百帕"], "pressure", 100.0, 0.0),
    (&["kpa", "千帕"], "pressure", 1000.0, 0.0),
    (&["mpa", "兆帕"], "pressure", 1_000_000.0, 0.0),
    (&["bar"], "pressure", 100_000.0, 0.0),
    (&["%", "percent", "pct"], "part", 1.0, 0.0),
    (&["‰"], "part", 0.1, 0.0),
    (&["%lel", "lel%"], "lel", 1.0, 0.0),
    (&["ppm"], "ppm", 1.0, 0.0),
    (&["ppb"], "ppm", 0.001, 0.0),
    (&["mg/m3", "mg/m³"], "mass_by_volume", 1000.0, 0.0),
    (&["ug/m3", "μg/m³", "µg/m³", "μg/m3"], "mass_by_volume", 1.0, 0.0),
    (&["mg/l"], "mass_by_water", 1.0, 0.0),
    (&["ug/l", "μg/l"], "mass_by_water", 0.001, 0.0),
    (&["db", "dba", "db(a)", "分贝"], "level", 1.0, 0.0),
    (&["deg", "°", "度"], "angle", 1.0, 0.0),
    (&["rad"], "angle", 180.0 / std::f64::consts::PI, 0.0),
    (&["v", "volt", "伏"], "voltage", 1.0, 0.0),
    (&["mv"], "voltage", 0.001, 0.0),
    (&["a", "安"], "current", 1.0, 0.0),
    (&["ma"], "current", 0.001, 0.0),
    (&["w"], "power", 1.0, 0.0),
    (&["kw"], "power", 1000.0, 0.0),
    (&["m3/s", "m³/s", "立方米/秒"], "flow", 1.0, 0.0),
    (&["m3/h", "m³/h"], "flow", 1.0 / 3600.0, 0.0),
    (&["l/s"], "flow", 0.001, 0.0),
    (&["mm/s", "毫米/秒"], "vibration", 1.0, 0.0),
    (&["ntu"], "turbidity", 1.0, 0.0),
    (&["ph"], "ph", 1.0, 0.0),
    (&["lx", "lux"], "light", 1.0, 0.0),
    (&["m/s2", "m/s²"], "acceleration", 1.0, 0.0),
    (&["gal", "cm/s2", "cm/s²"], "acceleration", 0.01, 0.0),
    (&["usv/h", "μsv/h", "µsv/h"], "dose_rate", 1.0, 0.0),
    (&["nsv/h"], "dose_rate", 0.001, 0.0),
    (&["s"], "time", 1.0, 0.0),
    (&["min"], "time", 60.0, 0.0),
    (&["h"], "time", 3600.0, 0.0),
    (&["με", "ue"], "strain", 1.0, 0.0),
    (&["人/m²", "人/m2"], "density", 1.0, 0.0),
    (&["us/cm", "μs/cm", "µs/cm"], "conductivity", 1.0, 0.0),
    (&["ms/cm"], "conductivity", 1000.0, 0.0),
    (&["个", "次", "人", "辆", "count", "1", "级", "类", ""], "count", 1.0, 0.0),
];

/// How figures in the unit `from` become figures in `to`. `None` if either is not known, or they measure different things.
pub fn conversion(from: &str, to: &str) -> Option<Conversion> {
    let plain =
        |it: &str| -> String { it.chars().filter(|it| !it.is_whitespace()).flat_map(char::to_lowercase).collect() };
    let (from, to) = (plain(from), plain(to));
    if from == to {
        return Some(Conversion::SAME);
    }
    let known = |name: &str| KNOWN.iter().find(|it| it.0.contains(&name));
    let (a, b) = (known(&from)?, known(&to)?);
    // base = theirs * fa + oa, and ours = (base - ob) / fb.
    (a.1 == b.1).then(|| Conversion { factor: a.2 / b.2, offset: (a.3 - b.3) / b.2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_converted_and_the_rest_is_not() {
        for (from, value, to, expected) in [
            ("m", 0.42, "cm", Some(42.0)),
            ("mm", 420.0, "CM", Some(42.0)),
            (" cm ", 42.0, "cm", Some(42.0)),
            ("km/h", 36.0, "m/s", Some(10.0)),
            ("K", 300.0, "℃", Some(26.85)),
            ("degF", 50.0, "degC", Some(10.0)),
            ("kPa", 101.3, "hPa", Some(1013.0)),
            ("mg/m3", 0.035, "μg/m³", Some(35.0)),
            ("级", 3.0, "级", Some(3.0)),
            ("m", 1.0, "m/s", None),
            ("furlong", 1.0, "m", None),
            ("", 1.0, "cm", None),
        ] {
            let got = conversion(from, to).map(|it| it.apply(value));
            match (got, expected) {
                (Some(got), Some(expected)) => assert!((got - expected).abs() < 1e-9, "{from} → {to}: {got}"),
                (got, expected) => assert_eq!(got, expected, "{from} → {to}"),
            }
        }
        // No symbol twice: the first would hide the second.
        let mut all: Vec<&str> = KNOWN.iter().flat_map(|it| it.0).copied().collect();
        let n = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), n);
    }
}
