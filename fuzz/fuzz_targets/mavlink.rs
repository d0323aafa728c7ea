#![no_main]
//! MAVLink: the stream whole and cut, datagrams, a vehicle and a conversation fed with whatever came.

use gulang_city::{LonLat, Timestamp};
use gulang_fuzz::{choice, pieces};
use gulang_platforms::mavlink::{Dialogue, Framed, Frames, Order, Vehicle, encode, read_datagram};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fuzz_target!(|data: &[u8]| {
    let (at, bytes) = choice(data);
    let found = Frames::default().push(bytes);
    let (a, b) = pieces(at, bytes);
    let mut cut = Frames::default();
    let mut again = cut.push(a);
    again.extend(cut.push(b));
    // Figures may be NaN, which equals nothing: as text they are the same.
    assert_eq!(format!("{found:?}"), format!("{again:?}"), "a cut changes nothing");
    assert!(!read_datagram(bytes).is_empty() || bytes.first() == Some(&0xfd));
    let mut vehicle = Vehicle::new(1);
    let order = Order::TakeoffTo { place: LonLat(118.1, 24.5), height_m: 60.0 };
    let mut talk = Dialogue::begin(&order, &vehicle, NOW).ok().map(|it| it.0);
    for framed in found {
        let Framed::Packet(packet) = framed else { continue };
        if let Some(fix) = vehicle.hear(&packet, NOW) {
            assert!(LonLat(fix.lon, fix.lat).is_sane(), "{fix:?}");
        }
        if let Some(talk) = &mut talk {
            let turn = talk.hear(&packet, &vehicle, NOW);
            assert!(turn.send.len() < 1000);
        }
        let bytes = encode(packet.system, packet.component, packet.sequence, &packet.message);
        let read = Frames::default().push(&bytes);
        let [Framed::Packet(same)] = &read[..] else { panic!("{read:?} of {packet:?}") };
        assert_eq!(format!("{:?}", same.message), format!("{:?}", packet.message));
    }
});
