use super::*;
use gulang_city::{LonLat, NO_RAIN_KNOWN, Timestamp};
use proptest::prelude::*;

const T0: i64 = 1_690_423_200_000;

fn field(values: &[f32]) -> RainField {
    RainField {
        source: "radar".into(),
        kind: RainKind::Nowcast,
        valid_at: Timestamp(T0 + 1_800_000),
        issued_at: Timestamp(T0),
        origin: LonLat(117.8, 24.2),
        step: (0.1, 0.05),
        n: (4, (values.len() / 4) as u32),
        values: values.into(),
        simulated: true,
    }
}

fn about() -> GridAbout {
    GridAbout { source: "radar".into(), kind: None, simulated: true }
}

fn near(a: &RainField, b: &RainField) -> bool {
    let same = (a.valid_at, a.issued_at, a.kind, a.n) == (b.valid_at, b.issued_at, b.kind, b.n);
    let place = (a.origin.0 - b.origin.0).abs() < 1e-6 && (a.origin.1 - b.origin.1).abs() < 1e-6;
    same && place && a.values.iter().zip(b.values.iter()).all(|(a, b)| (a - b).abs() < 0.05)
}

#[test]
fn both_forms_come_back_as_they_were_with_what_is_not_known() -> Result<(), GridError> {
    let whole = field(&[0.0, 1.0, 2.5, 80.0, 0.1, 0.0, 12.3, 7.0]);
    let holed = field(&[0.0, NO_RAIN_KNOWN, 2.5, 80.0, 0.1, 0.0, 12.3, 7.0, 1.0, 1.0, NO_RAIN_KNOWN, 3.0]);
    for field in [whole, holed] {
        let (read_back, refused) = read(&write_grib2(&field), &about())?;
        assert!(refused.is_empty() && near(&read_back[0], &field), "{read_back:?} {refused:?}");
        let (read_back, refused) = read(write_json(std::slice::from_ref(&field)).to_string().as_bytes(), &about())?;
        assert!(refused.is_empty() && near(&read_back[0], &field), "{read_back:?} {refused:?}");
    }
    Ok(())
}

/// A message laid out by hand from the tables of FM 92 by `tests/fixtures/rain_grib2.py`, not by our own writer: total
/// precipitation of three hours (4.8), scanned from the south, simple packing in 8 bits with a binary scale.
#[test]
fn a_message_of_another_writer_is_read() -> Result<(), GridError> {
    let bytes = include_bytes!("../../tests/fixtures/rain.grib2");
    let (fields, refused) = read(bytes, &about())?;
    assert!(refused.is_empty(), "{refused:?}");
    let [field] = &fields[..] else { panic!("{fields:?}") };
    assert_eq!((field.n, field.valid_at.to_beijing_text()), ((3, 2), "2023-07-27 14:00:00".to_owned()));
    assert_eq!(field.kind, RainKind::Nowcast);
    // 0, 6, 12 / 18, 24, 30 mm in three hours.
    assert!(field.values.iter().zip([0.0, 2.0, 4.0, 6.0, 8.0, 10.0]).all(|(a, b)| (a - b).abs() < 0.01), "{field:?}");
    assert!((field.origin.0 - 118.0).abs() < 1e-6 && (field.step.1 - 0.25).abs() < 1e-6);
    Ok(())
}

#[test]
fn a_date_far_from_its_issue_is_refused() -> Result<(), GridError> {
    let mut bytes = include_bytes!("../../tests/fixtures/rain.grib2").to_vec();
    let valid_at = bytes.windows(7).position(|it| it == [0x07, 0xE7, 7, 27, 6, 0, 0]).expect("2023-07-27 06:00 UTC");
    bytes[valid_at..valid_at + 2].copy_from_slice(&9984u16.to_be_bytes());
    let (fields, refused) = read(&bytes, &about())?;
    assert!(fields.is_empty() && refused.len() == 1 && refused[0].contains("时间不合理"), "{fields:?} {refused:?}");
    Ok(())
}

#[test]
fn rows_from_the_north_are_turned_over_and_units_are_minded() -> Result<(), GridError> {
    let json = r#"[{"valid":"2023-07-27 10:00:00","kind":"observed","west":118,"north":24.1,"dx":0.1,"dy":0.1,"nx":2,"ny":2,"values":[1,2,3,null]},
        {"valid":"2023-07-27 10:00:00","unit":"in/h","west":118,"south":24,"dx":0.1,"dy":0.1,"nx":2,"ny":2,"values":[1,2,3,4]}]"#;
    let (fields, refused) = read(json.as_bytes(), &about())?;
    assert_eq!(&fields[0].values[..], &[3.0, NO_RAIN_KNOWN, 1.0, 2.0]);
    assert!((fields[0].origin.1 - 24.0).abs() < 1e-9);
    assert!(refused.len() == 1 && refused[0].contains("单位"), "{refused:?}");
    Ok(())
}

#[test]
fn what_is_no_rain_or_cannot_be_unpacked_is_named() {
    let mut wind = write_grib2(&field(&[1.0; 8]));
    wind[6] = 10;
    let (fields, refused) = read(&wind, &about()).expect("a message");
    assert!(fields.is_empty() && refused[0].contains("不是降水"), "{refused:?}");
    let honest = write_grib2(&field(&[1.0; 8]));
    let both = [&honest[..], &honest[..honest.len() - 9]].concat();
    let (fields, refused) = read(&both, &about()).expect("one whole message");
    assert_eq!((fields.len(), refused.len()), (1, 1));
    assert!(read(&honest[..40], &about()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes, &about());
        let grib = [b"GRIB".as_slice(), &bytes].concat();
        let _ = read(&grib, &about());
    }

    /// A few bytes changed, cut, or told twice: fields that are sound, or an error.
    #[test]
    fn damage_is_survived(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>()) {
        let honest = write_grib2(&field(&[0.0, 1.0, 2.5, NO_RAIN_KNOWN, 0.1, 0.0, 12.3, 7.0]));
        let mut bytes = honest.clone();
        for (at, byte) in &changes {
            let i = at.index(bytes.len());
            bytes[i] = *byte;
        }
        let twice = [&honest[..], &bytes[..]].concat();
        let json = write_json(&[field(&[1.0; 8])]).to_string().into_bytes();
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())], &twice, &json[..cut.index(json.len())]] {
            for field in read(bytes, &about()).map(|it| it.0).unwrap_or_default() {
                prop_assert!(field.values.iter().all(|it| it.is_finite()));
                prop_assert_eq!(field.values.len(), (field.n.0 * field.n.1) as usize);
            }
        }
    }
}
