use super::*;
use gulang_city::{Command, LonLat, Timestamp, WindRadii};
use proptest::prelude::*;

#[test]
fn strings_zeros_and_quadrants() -> Result<(), TyphoonError> {
    let text = r#"{"tfid":"202305","name":"杜苏芮","enname":"DOKSURI","isactive":"1","points":[
        {"time":"2023/7/26 8:00:00","lng":"119.9","lat":"19.5","speed":"50","pressure":"940","movespeed":"20","movedirection":"西北",
         "radius7":"400|350|300|380","radius10":"0","radius12":"",
         "forecast":[{"tm":"中国","forecastpoints":[{"time":"2023-07-26 20:00:00","lng":"119.0","lat":"21","speed":"52","pressure":"0"}]}]},
        {"time":"nonsense","lng":"1","lat":"2"}, {"time":"2023-07-26 09:00:00","lng":"999","lat":"2"}]}"#;
    let Command::UpdateTyphoon { fixes, forecasts, active, .. } = zhejiang::decode_info(text.as_bytes())? else {
        return Err(TyphoonError("another command".into()));
    };
    assert!(active);
    assert_eq!(fixes.len(), 1);
    assert_eq!((fixes[0].radius7, fixes[0].radius10), (WindRadii([400.0, 350.0, 300.0, 380.0]), WindRadii([0.0; 4])));
    assert_eq!(fixes[0].move_towards, 315.0);
    assert_eq!(fixes[0].at.to_beijing_text(), "2023-07-26 08:00:00");
    assert_eq!(forecasts[0].points[0].pressure, 0.0);
    Ok(())
}

/// Made for this test in the order of fields PROTOCOLS.md §6 cites; no figures of a real bulletin.
const NMC_VIEW: &str = r#"typhoon_jsons_view_2935420({"typhoon":[2935420,"DOKSURI","杜苏芮","2305","2305",null,"猛禽","start",[
    [1,"202307260800",1690329600000,"STY",119.9,19.5,940,50,"NW",15,
     [["30KTS",400,350,300,380],["50KTS",180,150,120,170],["64KTS",80,70,60,80]],
     {"BABJ":[[12,"202307260800",119.0,21.0,935,52,"BABJ","SuperTY"],[24,"202307260800",118.6,22.8,940,48,"BABJ","STY"]],
      "RJTD":[[24,"202307260200",118.9,22.5,945,45,"RJTD","STY"]]}],
    [2,"nonsense",0,"STY",1,2]]]})"#;

#[test]
fn nmc_is_unwrapped_and_every_agency_keeps_its_issue() -> Result<(), TyphoonError> {
    let Command::UpdateTyphoon { typhoon, name, active, fixes, forecasts, .. } = nmc::decode_view(NMC_VIEW.as_bytes())?
    else {
        return Err(TyphoonError("another command".into()));
    };
    assert_eq!((typhoon.as_str(), &*name, active, fixes.len()), ("202305", "杜苏芮", true, 1));
    assert_eq!((fixes[0].radius7, fixes[0].move_towards), (WindRadii([400.0, 350.0, 300.0, 380.0]), 315.0));
    let told: Vec<(&str, String, usize)> =
        forecasts.iter().map(|it| (&*it.agency, it.issued_at.to_beijing_text(), it.points.len())).collect();
    let expected = [("中国", "2023-07-26 08:00:00".to_owned(), 2), ("日本", "2023-07-26 02:00:00".to_owned(), 1)];
    assert_eq!(told, expected);
    assert_eq!(forecasts[0].points[1].at.to_beijing_text(), "2023-07-27 08:00:00");
    let list = nmc::decode_list(br#"cb({"typhoonList":[[2935420,"DOKSURI","x","2305",5,null,"y","start"],["bad id"],[7,"K","k","2304",4,null,"",  "stop"]]});"#)?;
    assert_eq!(list, [(true, "2935420"), (false, "7")].map(|(active, id)| nmc::Row { dbid: id.into(), active }));
    Ok(())
}

/// Made for this test after the parts PROTOCOLS.md §6 and public readers of the feed name; no figures of a real bulletin.
const JMA_SPEC: &str = r#"[{"part":"title","issue":{"UTC":"2023-07-26T00:45:00Z"},"typhoonNumber":"2305","name":{"jp":"トクスリ","en":"Doksuri"}},
    {"part":{"jp":"実況","en":"Analysis"},"advancedHours":0,"validtime":{"UTC":"2023-07-26T00:00:00Z"},"course":"北西",
     "speed":{"km/h":"15","kt":"8"},"position":{"deg":[19.5,119.9]},"pressure":"940",
     "maximumWind":{"sustained":{"m/s":"45","kt":"85"}},
     "galeWarning":[{"area":"北東","range":{"km":500,"nm":270}},{"area":"南西","range":{"km":"330"}}],
     "stormWarning":[{"area":{"jp":"全域","en":"ALL"},"range":{"km":"165"}}]},
    {"part":{"jp":"予報"},"advancedHours":24,"validtime":{"UTC":"2023-07-27T00:00:00Z"},"position":{"deg":[22.5,118.9]},
     "pressure":"945","maximumWind":{"sustained":{"m/s":"43"}}},
    {"part":{"jp":"予報"},"advancedHours":48,"position":{"deg":[999,118.9]}}]"#;

#[test]
fn jma_is_one_fix_and_one_issue_with_half_circles() -> Result<(), TyphoonError> {
    let Command::UpdateTyphoon { typhoon, name_en, fixes, forecasts, .. } =
        jma::decode_specifications(JMA_SPEC.as_bytes(), "TC2306", true)?
    else {
        return Err(TyphoonError("another command".into()));
    };
    assert_eq!((typhoon.as_str(), &*name_en), ("202305", "DOKSURI"));
    assert_eq!(fixes[0].center, LonLat(119.9, 19.5));
    assert_eq!((fixes[0].move_towards, fixes[0].radius10), (315.0, WindRadii([165.0; 4])));
    // To the north-east wide, to the south-west narrow; the two between lie as near to either.
    assert_eq!((fixes[0].radius7.0[0], fixes[0].radius7.0[2]), (500.0, 330.0));
    assert_eq!((forecasts.len(), forecasts[0].points.len()), (1, 1));
    assert_eq!(forecasts[0].issued_at.to_beijing_text(), "2023-07-26 08:45:00");
    assert_eq!(jma::decode_targets(br#"[{"tropicalCyclone":"TC2306"},{"tropicalCyclone":"../x"},{}]"#)?, ["TC2306"]);
    let unnumbered = JMA_SPEC.replace(r#""typhoonNumber":"2305","#, "");
    let unnumbered = jma::decode_specifications(unnumbered.as_bytes(), "TC2306", true)?;
    assert!(matches!(unnumbered, Command::UpdateTyphoon { typhoon, .. } if typhoon.as_str() == "jma-TC2306"));
    Ok(())
}

fn read_all(bytes: &[u8]) -> Vec<Timestamp> {
    let _ = (zhejiang::decode_activity(bytes), nmc::decode_list(bytes), jma::decode_targets(bytes));
    let all = [zhejiang::decode_info(bytes), nmc::decode_view(bytes), jma::decode_specifications(bytes, "TC1", true)];
    let fixes = all.into_iter().flatten().filter_map(|it| match it {
        Command::UpdateTyphoon { fixes, .. } => Some(fixes),
        _ => None,
    });
    fixes.flatten().map(|it| it.at).collect()
}

proptest! {
    #[test]
    fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    /// Cut, flipped, doubled, in another encoding: whatever is read is in order of time.
    #[test]
    fn damage_is_survived(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(), is_jma in any::<bool>()) {
        let text = if is_jma { JMA_SPEC } else { NMC_VIEW };
        let mut bytes = text.as_bytes().to_vec();
        let i = at.index(bytes.len());
        bytes[i] = byte;
        let twice = [text.as_bytes(), text.as_bytes()].concat();
        let (gbk, _, _) = encoding_rs::GBK.encode(text);
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())], &twice[..], &gbk[..]] {
            let times = read_all(bytes);
            prop_assert!(times.windows(2).all(|it| it[0] < it[1]), "{times:?}");
        }
    }
}
