//! Registers of many things: columns that come back as they were, changes, and bytes that are none.

use gulang_city::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn inventory(n: usize, moving: bool) -> Inventory {
    Inventory {
        id: "bike".into(),
        name: "共享单车".into(),
        platform: "things".into(),
        simulated: true,
        moving,
        budget: Budget::Default,
        prefix: "DC-".into(),
        names: Vec::new(),
        as_of: NOW,
        origin: LonLat(118.11, 24.5),
        at: (0..n as i32).map(|i| [i * 30, -i * 7]).collect(),
        heading: if moving { vec![NO_HEADING; n] } else { Vec::new() },
        state: vec![ThingState::Normal as u8; n],
        value: Vec::new(),
        unit: "".into(),
        seen_from: NOW.plus_secs(-3600),
        seen: if moving { vec![3600; n] } else { Vec::new() },
    }
}

fn change(handles: Vec<u32>) -> ThingsChange {
    ThingsChange { inventory: "bike".into(), as_of: NOW.plus_secs(10), handles, ..ThingsChange::default() }
}

#[test]
fn a_street_of_things_costs_few_bytes() {
    let bytes = inventory(10_000, false).to_bytes().unwrap();
    assert!(bytes.len() < 10_000 * 2 + 200, "{}", bytes.len());
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    #[track_caller]
    fn check(spoil: impl Fn(&mut Inventory)) {
        let mut it = inventory(5, true);
        spoil(&mut it);
        let bytes = it.to_bytes().unwrap();
        assert!(Inventory::from_bytes(&bytes).is_err());
    }
    check(|it| it.state.truncate(4));
    check(|it| it.state.clear());
    check(|it| it.heading.push(0));
    check(|it| it.seen.truncate(1));
    check(|it| it.origin = LonLat(f64::NAN, 0.0));
    check(|it| it.as_of = Timestamp(i64::MAX));
    check(|it| it.id = "".into());
}

#[test]
fn an_absurd_place_is_dropped_and_counted_and_keeps_its_handle() {
    let mut it = inventory(3, false);
    it.at[1] = [i32::MAX, 5];
    let (read, n_absurd) = Inventory::from_bytes(&it.to_bytes().unwrap()).unwrap();
    assert_eq!((n_absurd, read.len(), read.at[1]), (1, 3, NOWHERE));
    assert_eq!(read.place(1), None);
    assert!(read.place(2).is_some_and(|place| (place.0 - 118.110_06).abs() < 1e-9));
    for place in [LonLat(f64::NAN, 24.0), LonLat(f64::INFINITY, 24.0), LonLat(10.0, 24.0)] {
        assert_eq!(units_from_origin(it.origin, place), None);
    }
}

#[test]
fn a_run_longer_than_any_register_is_refused_before_it_is_made() {
    let mut it = inventory(1, false);
    (it.at, it.state) = (Vec::new(), Vec::new());
    let mut bytes = it.to_bytes().unwrap();
    // `state` is empty, before `seen_from` (6 bytes of varint for this instant) and `seen`.
    let at = bytes.len() - 1 - 7;
    let from = bytes.iter().rposition(|b| *b == 0).unwrap();
    assert!(from >= at);
    let seen_from = postcard::to_stdvec(&it.seen_from).unwrap();
    let state = bytes.len() - 1 - seen_from.len() - 1;
    assert_eq!(bytes[state], 0);
    bytes.splice(state..=state, [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    assert!(matches!(Inventory::from_bytes(&bytes), Err(ThingsError::Unreadable { .. })));
}

#[test]
fn a_change_moves_what_it_names_and_nothing_else() {
    let mut it = inventory(4, true);
    it.seen[2] = 100;
    let moved = ThingsChange {
        at: vec![[9, 9], [8, 8], [i32::MAX, 0]],
        heading: vec![60; 3],
        state: vec![2; 3],
        age: vec![4, 0, 9999],
        ..change(vec![1, 77, 2])
    };
    assert_eq!(it.apply(&moved), [1, 2]);
    assert_eq!(it.at, [[0, 0], [9, 9], [60, -14], [90, -21]]);
    assert_eq!((it.state_of(1), it.heading_of(1)), (ThingState::Alarm, Some(90.0)));
    assert_eq!(it.seen_at(1), NOW.plus_secs(6));
    // Heard longer ago than we knew: what we knew stands.
    assert_eq!(it.seen_at(2), NOW.plus_secs(-3500));
    assert_eq!(it.as_of, NOW.plus_secs(10));
    assert_eq!(it.freshness(1, NOW.plus_secs(7)), Freshness::Fresh);
    assert!(matches!(it.freshness(2, NOW), Freshness::Lost { .. }));
    assert_eq!(it.n_by_state(), [2, 0, 2, 0, 0]);

    let older = ThingsChange { as_of: NOW, state: vec![0], ..change(vec![1]) };
    let other = ThingsChange { inventory: "manhole".into(), state: vec![0], ..change(vec![1]) };
    let crooked = ThingsChange { state: vec![0, 0], ..change(vec![1]) };
    for nothing in [older, other, crooked] {
        assert_eq!(it.apply(&nothing), [0; 0]);
        assert_eq!(it.state_of(1), ThingState::Alarm);
    }
}

#[test]
fn names_and_handles() {
    let it = inventory(200, false);
    assert_eq!(it.id_of(122), "DC-0000123");
    assert_eq!(it.handle_of("DC-0000123"), Some(122));
    for id in ["DC-0000000", "DC-0000201", "JG-0000001", "DC-", "DC--1"] {
        assert_eq!(it.handle_of(id), None, "{id}");
    }
    assert_eq!([0.0, 89.9, 359.9, -90.0, f32::NAN].map(heading_of_degrees), [0, 60, 0, 180, NO_HEADING]);
    for state in ThingState::ALL {
        assert_eq!(ThingState::from_number(state as u8), state);
    }
    assert_eq!(ThingState::from_number(99), ThingState::Unknown);
}

#[test]
fn figures_are_kept_told_and_cleared_of_what_is_none() {
    let mut it = Inventory { value: vec![f32::NAN; 3], unit: "kPa".into(), ..inventory(3, false) };
    assert_eq!((it.value_of(0), it.value_of(9)), (None, None));
    let said = ThingsChange { state: vec![0], value: vec![12.5], ..change(vec![1]) };
    assert_eq!(it.apply(&said), [1]);
    assert_eq!((it.value_of(1), it.value_of(2)), (Some(12.5), None));
    assert_eq!(it.change_of(&[1]).value, [12.5]);
    // A register without figures takes none; a column that does not fit is refused whole.
    let mut plain = inventory(3, false);
    plain.apply(&said);
    assert_eq!((plain.value_of(1), plain.change_of(&[1]).value.len()), (None, 0));
    assert!(ThingsChange { value: vec![1.0, 2.0], ..change(vec![1]) }.validate().is_err());
    assert!(Inventory { value: vec![1.0], ..inventory(3, false) }.validate().is_err());
}

fn some_inventory() -> impl Strategy<Value = Inventory> {
    let place = [-MAX_REACH_UNITS..=MAX_REACH_UNITS, -MAX_REACH_UNITS..=MAX_REACH_UNITS];
    let thing = (place, 0u8..=240, any::<u8>(), any::<u32>());
    (prop::collection::vec(thing, 0..60), any::<bool>(), 0..1i64 << 40).prop_map(|(things, moving, as_of)| Inventory {
        as_of: Timestamp(as_of),
        at: things.iter().map(|it| it.0).collect(),
        heading: if moving { things.iter().map(|it| it.1).collect() } else { Vec::new() },
        state: things.iter().map(|it| it.2).collect(),
        value: if moving { Vec::new() } else { things.iter().map(|it| f32::from(it.2)).collect() },
        unit: if moving { "".into() } else { "cm".into() },
        seen_from: Timestamp(as_of / 2),
        seen: if moving { things.iter().map(|it| it.3).collect() } else { Vec::new() },
        ..inventory(0, moving)
    })
}

fn some_change() -> impl Strategy<Value = ThingsChange> {
    let thing = (any::<u32>().prop_map(|it| it % 80), any::<[i32; 2]>(), any::<u8>(), any::<u8>(), any::<u32>());
    (prop::collection::vec(thing, 0..60), any::<[bool; 5]>(), 0..1i64 << 40).prop_map(|(things, has, as_of)| {
        ThingsChange {
            inventory: "bike".into(),
            as_of: Timestamp(as_of),
            handles: things.iter().map(|it| it.0).collect(),
            at: things.iter().map(|it| it.1).filter(|_| has[0]).collect(),
            heading: things.iter().map(|it| it.2).filter(|_| has[1]).collect(),
            state: things.iter().map(|it| it.3).filter(|_| has[2]).collect(),
            value: things.iter().map(|it| f32::from(it.3)).filter(|_| has[4]).collect(),
            age: things.iter().map(|it| it.4).filter(|_| has[3]).collect(),
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(it in some_inventory(), change in some_change()) {
        prop_assert_eq!(Inventory::from_bytes(&it.to_bytes().unwrap()).unwrap(), (it, 0));
        prop_assert_eq!(ThingsChange::from_bytes(&change.to_bytes().unwrap()).unwrap(), change);
    }

    /// Whoever missed some changes and gets the present of those things ends where the others are.
    #[test]
    fn a_copy_catches_up(it in some_inventory(), changes in prop::collection::vec(some_change(), 1..6)) {
        let (mut it, copy) = (it.clone(), it);
        let mut dirty: Vec<u32> = changes.iter().flat_map(|change| it.apply(change)).collect();
        dirty.sort_unstable();
        dirty.dedup();
        prop_assert!(it.validate().is_ok());
        let mut copy = copy;
        copy.apply(&it.change_of(&dirty));
        if copy.moving {
            prop_assert_eq!(&copy.heading, &it.heading);
            prop_assert_eq!(&copy.at, &it.at);
        }
        prop_assert_eq!((&copy.state, copy.as_of), (&it.state, it.as_of));
        for (seen, of_copy) in it.seen.iter().zip(&copy.seen) {
            prop_assert!(seen.abs_diff(*of_copy) <= 1);
        }
    }

    #[test]
    fn nonsense_is_refused_not_feared(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok((it, _)) = Inventory::from_bytes(&bytes) {
            prop_assert!(it.to_bytes().is_ok());
        }
        if let Ok(change) = ThingsChange::from_bytes(&bytes) {
            inventory(20, true).apply(&change);
        }
    }

    #[test]
    fn a_flipped_byte_is_survived(it in some_inventory(), at in any::<prop::sample::Index>(), xor in 1u8..) {
        let mut bytes = it.to_bytes().unwrap();
        let i = at.index(bytes.len());
        bytes[i] ^= xor;
        if let Ok((it, _)) = Inventory::from_bytes(&bytes) {
            for handle in 0..it.len() {
                let _ = (it.place(handle), it.state_of(handle), it.heading_of(handle), it.seen_at(handle));
            }
        }
    }
}
