//! When a picture left the lens: RTP's timestamps tied to the sender's clock by its RTCP reports (RFC 3550 §6.4.1).

use std::collections::VecDeque;

/// NTP counts from 1900.
const NTP_TO_UNIX_S: u64 = 2_208_988_800;
const REMEMBERED: usize = 512;

#[derive(Debug)]
pub struct Timing {
    /// RTP ticks a second.
    clock_rate: u32,
    report: Option<Report>,
    arrivals: VecDeque<Arrival>,
}

/// The sender said: at this instant of my clock, RTP's was this.
#[derive(Clone, Copy, Debug)]
struct Report {
    ms: f64,
    rtp: u32,
}

/// The first packet of one picture.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    pts_ns: u64,
    rtp: u32,
    wall_ms: i64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { clock_rate: 90_000, report: None, arrivals: VecDeque::new() }
    }
}

impl Timing {
    pub fn set_clock_rate(&mut self, ticks: u32) {
        self.clock_rate = ticks.max(1);
    }

    /// A packet, or a piece of a stream that knows no RTP (then `bytes` say nothing that is used).
    pub fn packet(&mut self, pts_ns: u64, bytes: &[u8], wall_ms: i64) {
        if self.arrivals.back().is_some_and(|it| it.pts_ns == pts_ns) {
            return;
        }
        let rtp = match bytes {
            [_, _, _, _, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
            _ => 0,
        };
        if self.arrivals.len() == REMEMBERED {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(Arrival { pts_ns, rtp, wall_ms });
    }

    /// A compound RTCP packet that begins with a sender report; anything else is passed over.
    pub fn sender_report(&mut self, bytes: &[u8]) {
        let Some((head, _)) = bytes.split_first_chunk::<20>() else { return };
        let word = |i: usize| {
            let at = |k: usize| head.get(i + k).copied().unwrap_or(0);
            u32::from_be_bytes([at(0), at(1), at(2), at(3)])
        };
        let [first, kind, ..] = *head;
        if first >> 6 != 2 || kind != 200 {
            return;
        }
        let (secs, fraction, rtp) = (u64::from(word(8)), f64::from(word(12)), word(16));
        // A sender without a clock writes zero.
        if let Some(secs) = secs.checked_sub(NTP_TO_UNIX_S) {
            self.report = Some(Report { ms: secs as f64 * 1000.0 + fraction * 1000.0 / 4_294_967_296.0, rtp });
        }
    }

    /// Of the picture of this time: when it left the lens by the sender's clock, and when its first byte came by ours.
    pub fn of(&self, pts_ns: u64) -> Option<(Option<i64>, i64)> {
        // A decoder hands on the time of the packets; one that invents a little is still nearest to its own.
        let arrival = self.arrivals.iter().min_by_key(|it| it.pts_ns.abs_diff(pts_ns))?;
        let captured = self.report.map(|report| {
            let ticks = f64::from(arrival.rtp.wrapping_sub(report.rtp).cast_signed());
            (report.ms + ticks * 1000.0 / f64::from(self.clock_rate)) as i64
        });
        Some((captured, arrival.wall_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(rtp: u32) -> Vec<u8> {
        let mut bytes = vec![0x80, 96, 0, 1];
        bytes.extend_from_slice(&rtp.to_be_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes
    }

    fn report(unix_s: u64, rtp: u32) -> Vec<u8> {
        let mut bytes = vec![0x80, 200, 0, 6, 0, 0, 0, 1];
        bytes.extend_from_slice(&u32::try_from(unix_s + NTP_TO_UNIX_S).unwrap_or(0).to_be_bytes());
        bytes.extend_from_slice(&0x8000_0000_u32.to_be_bytes());
        bytes.extend_from_slice(&rtp.to_be_bytes());
        bytes
    }

    #[test]
    fn a_report_dates_the_pictures_around_it_over_the_wrap() {
        let mut timing = Timing::default();
        timing.packet(1_000_000_000, &packet(u32::MAX - 8_999), 5_000);
        timing.packet(1_000_000_000, &packet(u32::MAX - 8_999), 5_020);
        assert_eq!(timing.of(1_000_000_000), Some((None, 5_000)), "nobody said when it was taken");
        timing.sender_report(&report(1_790_000_000, 0));
        timing.packet(1_040_000_000, &packet(3_600), 5_040);
        assert_eq!(timing.of(1_040_000_100), Some((Some(1_790_000_000_540), 5_040)));
        assert_eq!(timing.of(1_000_000_000), Some((Some(1_790_000_000_400), 5_000)));
    }

    #[test]
    fn what_is_no_report_dates_nothing() {
        let mut timing = Timing::default();
        timing.packet(0, &[1, 2], 7);
        for bytes in [&report(1_790_000_000, 0)[..12], b"", b"RTSP/1.0 200 OK and more words", &[0x80, 201, 0, 0][..]] {
            timing.sender_report(bytes);
        }
        let mut clockless = report(0, 5);
        clockless[8..12].fill(0);
        timing.sender_report(&clockless);
        assert_eq!(timing.of(0), Some((None, 7)));
    }
}
