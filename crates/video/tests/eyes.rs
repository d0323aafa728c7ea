//! The real eyes against the real simulated cameras: both codecs, both transports, locked cameras, a server that dies and
//! comes back, and one that talks nonsense.

use gulang_video_link::*;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::Duration,
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

/// Longer than anything takes, on the slowest machine; nothing is timed by it.
const PATIENCE: Duration = Duration::from_secs(60);

struct Cameras {
    child: Child,
    rtsp: String,
    _file: tempfile::TempDir,
}

impl Cameras {
    fn open(listen: &str) -> Result<Self, Error> {
        let camera = |mount: &str, codec, login: Option<&str>| SimCamera {
            mount: mount.into(),
            name: format!("CAM {mount}"),
            codec,
            width: 640,
            height: 360,
            fps: 10,
            login: login.map(str::to_owned),
        };
        let cameras = [
            camera("h264", SimCodec::H264, None),
            camera("h265", SimCodec::H265, None),
            camera("locked", SimCodec::H264, Some("guard:open sesame")),
        ];
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("cameras.json");
        std::fs::write(&file, serde_json::to_vec(&cameras)?)?;
        let mut child = Command::new(env!("CARGO_BIN_EXE_gulang-video"))
            .args(["sim", "--listen", listen, "--cameras"])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let rtsp = said["rtsp"].as_str().ok_or("no address")?.to_owned();
        Ok(Self { child, rtsp, _file: dir })
    }

    fn address(&self) -> String {
        self.rtsp.trim_start_matches("rtsp://").to_owned()
    }

    fn turn(&mut self, look: &Look) -> Check {
        let stdin = self.child.stdin.as_mut().ok_or("no input")?;
        Ok(writeln!(stdin, "{}", serde_json::to_string(look)?)?)
    }
}

impl Drop for Cameras {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Eyes {
    child: Child,
    frames: Receiver<Frame>,
    /// What was last said, for when nothing more comes.
    last: Option<FromEyes>,
}

impl Eyes {
    fn open() -> Result<Self, Error> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gulang-video"))
            .arg("eyes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdout = child.stdout.take().ok_or("no output")?;
        let (sender, frames) = channel();
        std::thread::spawn(move || {
            let (mut deframer, mut bytes) = (Deframer::default(), vec![0; 65_536]);
            while let Ok(n @ 1..) = stdout.read(&mut bytes) {
                deframer.push(&bytes[..n]);
                while let Some(Ok(frame)) = deframer.next() {
                    if sender.send(frame).is_err() {
                        return;
                    }
                }
            }
        });
        let mut eyes = Self { child, frames, last: None };
        eyes.until(|it| matches!(it, Heard::Said(FromEyes::Ready { version: VERSION, .. })))?;
        Ok(eyes)
    }

    fn tell(&mut self, message: &ToEyes) -> Check {
        Ok(self.child.stdin.as_mut().ok_or("no input")?.write_all(&line_frame(message))?)
    }

    fn watch(&mut self, id: u64, url: String, transport: Transport) -> Check {
        self.watch_of(id, id, url, transport)
    }

    /// A stream of a source that may have had others.
    fn watch_of(&mut self, feed: u64, id: u64, url: String, transport: Transport) -> Check {
        let (user, password) = (String::new(), Secret::default());
        self.tell(&ToEyes::Open { id, feed, url, user, password, transport, sizes: vec![Size { width: 640, fps: 10 }] })
    }

    fn next(&mut self) -> Result<Heard, Error> {
        Ok(match self.frames.recv_timeout(PATIENCE) {
            Ok(Frame::Picture(picture)) => Heard::Picture(picture),
            Ok(Frame::Line(line)) => {
                let said: FromEyes = Frame::value(&line)?;
                self.last = Some(said.clone());
                Heard::Said(said)
            }
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("nothing more was heard; the last word was {:?}", self.last).into());
            }
            Err(RecvTimeoutError::Disconnected) => return Err("the eyes died".into()),
        })
    }

    /// Passes over what is not awaited; fails where nothing comes any more, or too much.
    fn until(&mut self, is_it: impl Fn(&Heard) -> bool) -> Result<Heard, Error> {
        for _ in 0..2000 {
            let heard = self.next()?;
            if is_it(&heard) {
                return Ok(heard);
            }
        }
        Err("what was awaited did not come".into())
    }

    fn state(&mut self, id: u64, is_it: impl Fn(&Looking) -> bool) -> Result<Looking, Error> {
        let heard = self.until(
            |it| matches!(it, Heard::Said(FromEyes::State { id: of, looking }) if *of == id && is_it(looking)),
        )?;
        match heard {
            Heard::Said(FromEyes::State { looking, .. }) => Ok(looking),
            _ => Err("no state".into()),
        }
    }

    fn picture(&mut self, id: u64) -> Result<Picture, Error> {
        match self.until(|it| matches!(it, Heard::Picture(it) if it.id == id))? {
            Heard::Picture(picture) => Ok(picture),
            Heard::Said(_) => Err("no picture".into()),
        }
    }
}

impl Drop for Eyes {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
enum Heard {
    Said(FromEyes),
    Picture(Picture),
}

fn stamp(picture: &Picture) -> Result<strip::Stamp, Error> {
    let luma = image::load_from_memory(&picture.jpeg)?.to_luma8();
    let (width, height) = (luma.width() as usize, luma.height() as usize);
    Ok(strip::Stamp::read(luma.as_raw(), width, height, width).ok_or("no strip in the picture")?)
}

fn check_plays(mount: &str, transport: Transport, codec: &str, by: &str) -> Check {
    let cameras = Cameras::open("127.0.0.1:0")?;
    let mut eyes = Eyes::open()?;
    eyes.watch(1, format!("{}/{mount}", cameras.rtsp), transport)?;
    eyes.state(1, |it| *it == Looking::Inviting)?;
    eyes.state(1, |it| *it == Looking::FirstPacket)?;
    let playing = eyes.state(1, |it| matches!(it, Looking::Playing { .. }))?;
    let expected = Looking::Playing { codec: codec.into(), width: 640, height: 360, transport: by.into() };
    assert_eq!(playing, expected);
    let (first, second) = (eyes.picture(1)?, eyes.picture(1)?);
    assert_eq!((first.width, first.height, first.wanted), (640, 360, 640));
    let (a, b) = (stamp(&first)?, stamp(&second)?);
    assert!(a.n < b.n && a.at_ms < b.at_ms, "{a:?} then {b:?}");
    // The first report of the sender may take some seconds.
    let dated = eyes.until(|it| matches!(it, Heard::Picture(it) if it.captured_ms.is_some()))?;
    let Heard::Picture(dated) = dated else { return Err("no picture".into()) };
    let (captured, shown) = (dated.captured_ms.unwrap_or(0), stamp(&dated)?.at_ms);
    assert!(captured.abs_diff(i64::try_from(shown)?) < 1000, "captured {captured}, but the picture says {shown}");
    let counted = eyes.until(|it| matches!(it, Heard::Said(FromEyes::Stats { fps, .. }) if *fps > 0.0))?;
    assert!(matches!(counted, Heard::Said(FromEyes::Stats { n_decoded: 1.., .. })));
    Ok(())
}

#[test]
fn h264_over_tcp() -> Check {
    check_plays("h264", Transport::Tcp, "H.264", "RTSP/TCP")
}

#[test]
fn h264_over_udp() -> Check {
    check_plays("h264", Transport::Udp, "H.264", "RTSP/UDP")
}

#[test]
fn h265_over_tcp() -> Check {
    check_plays("h265", Transport::Tcp, "H.265", "RTSP/TCP")
}

#[test]
fn a_locked_camera_opens_to_the_right_password_alone() -> Check {
    let cameras = Cameras::open("127.0.0.1:0")?;
    let mut eyes = Eyes::open()?;
    let open = |id, password: &str| ToEyes::Open {
        id,
        feed: id,
        url: format!("{}/locked", cameras.rtsp),
        user: "guard".into(),
        password: Secret(password.into()),
        transport: Transport::Tcp,
        sizes: vec![Size { width: 320, fps: 5 }],
    };
    eyes.tell(&open(1, "wrong"))?;
    let failed = eyes.state(1, |it| matches!(it, Looking::Failed { .. }))?;
    assert!(matches!(failed, Looking::Failed { kind: Failure::Unauthorized, .. }), "{failed:?}");
    eyes.tell(&open(2, "open sesame"))?;
    eyes.state(2, |it| matches!(it, Looking::Playing { .. }))?;
    assert_eq!(eyes.picture(2)?.width, 320);
    eyes.watch(3, format!("{}/nowhere", cameras.rtsp), Transport::Tcp)?;
    let failed = eyes.state(3, |it| matches!(it, Looking::Failed { .. }))?;
    assert!(matches!(failed, Looking::Failed { kind: Failure::NotFound, .. }), "{failed:?}");
    Ok(())
}

#[test]
fn a_server_that_dies_is_told_of_and_plays_again_when_it_is_back() -> Check {
    let cameras = Cameras::open("127.0.0.1:0")?;
    let address = cameras.address();
    let mut eyes = Eyes::open()?;
    let url = format!("{}/h264", cameras.rtsp);
    eyes.watch(1, url.clone(), Transport::Tcp)?;
    eyes.picture(1)?;
    drop(cameras);
    let is_gone = |it: &Looking| matches!(it, Looking::Stalled { .. } | Looking::Failed { .. } | Looking::Ended);
    eyes.state(1, is_gone)?;
    eyes.tell(&ToEyes::Close { id: 1 })?;
    eyes.watch(2, url.clone(), Transport::Tcp)?;
    eyes.state(2, |it| matches!(it, Looking::Failed { kind: Failure::Unreachable, .. }))?;
    let _again = Cameras::open(&address)?;
    eyes.watch(3, url, Transport::Tcp)?;
    eyes.state(3, |it| matches!(it, Looking::Playing { .. }))?;
    Ok(())
}

#[test]
fn a_server_of_nonsense_costs_only_its_own_stream() -> Check {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let nonsense = listener.local_addr()?;
    std::thread::spawn(move || {
        for (i, socket) in listener.incoming().flatten().enumerate() {
            let mut socket = socket;
            let words: Vec<u8> =
                (0..100_000u32).map(|it| (it.wrapping_mul(2_654_435_761) >> (7 + i % 9)) as u8).collect();
            let _ = socket.write_all(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 90000\r\n\r\n");
            let _ = socket.write_all(&words);
        }
    });
    let cameras = Cameras::open("127.0.0.1:0")?;
    let mut eyes = Eyes::open()?;
    for id in 1..4 {
        eyes.watch(id, format!("rtsp://{nonsense}/x"), Transport::Tcp)?;
    }
    eyes.watch(4, "file:///etc/passwd".into(), Transport::Tcp)?;
    let failed = eyes.state(4, |it| matches!(it, Looking::Failed { .. }))?;
    assert!(matches!(failed, Looking::Failed { kind: Failure::Unsupported, .. }), "{failed:?}");
    for id in 1..4 {
        // Whichever comes first; each is told once.
        let is_one =
            |it: &Heard| matches!(it, Heard::Said(FromEyes::State { id: 1..4, looking: Looking::Failed { .. } }));
        let failed = eyes.until(is_one)?;
        assert!(!format!("{failed:?}").contains("://"), "stream {id}: no address is told");
    }
    eyes.watch(5, format!("{}/h264", cameras.rtsp), Transport::Tcp)?;
    eyes.picture(5)?;
    Ok(())
}

#[test]
fn sizes_come_and_go_while_one_decoder_works() -> Check {
    let mut cameras = Cameras::open("127.0.0.1:0")?;
    let mut eyes = Eyes::open()?;
    eyes.watch(1, format!("{}/h264", cameras.rtsp), Transport::Tcp)?;
    assert_eq!(eyes.picture(1)?.width, 640);
    eyes.tell(&ToEyes::Resize { id: 1, sizes: vec![Size { width: 320, fps: 5 }, Size { width: 480, fps: 10 }] })?;
    eyes.until(|it| matches!(it, Heard::Picture(it) if it.wanted == 320 && it.width == 320))?;
    eyes.until(|it| matches!(it, Heard::Picture(it) if it.wanted == 480 && it.width == 480))?;
    eyes.tell(&ToEyes::Resize { id: 1, sizes: vec![Size { width: 480, fps: 10 }] })?;
    // The first ones after may still be on their way.
    for _ in 0..6 {
        eyes.until(|it| matches!(it, Heard::Picture(it) if it.wanted == 480))?;
    }
    for _ in 0..6 {
        assert_eq!(eyes.picture(1)?.wanted, 480);
    }
    let before = image::load_from_memory(&eyes.picture(1)?.jpeg)?.to_luma8();
    cameras.turn(&Look { mount: "h264".into(), pan: 60.0, tilt: 8.0, zoom: 3.0 })?;
    for _ in 0..30 {
        let after = image::load_from_memory(&eyes.picture(1)?.jpeg)?.to_luma8();
        let away: u64 = before.pixels().zip(after.pixels()).map(|(a, b)| u64::from(a.0[0].abs_diff(b.0[0]))).sum();
        if away / u64::from(before.width() * before.height()) > 12 {
            return Ok(());
        }
    }
    Err("the picture does not turn with the camera".into())
}

#[test]
fn a_clip_holds_what_was_and_what_came() -> Check {
    let cameras = Cameras::open("127.0.0.1:0")?;
    let dir = tempfile::tempdir()?;
    let file: PathBuf = dir.path().join("clip.mp4");
    let mut eyes = Eyes::open()?;
    eyes.watch(1, format!("{}/h264", cameras.rtsp), Transport::Tcp)?;
    for _ in 0..30 {
        eyes.picture(1)?;
    }
    eyes.tell(&ToEyes::Keep { feed: 1, clip: 9, back_s: 15, ahead_s: 2, file: file.clone() })?;
    let kept = eyes.until(|it| matches!(it, Heard::Said(FromEyes::Kept { .. } | FromEyes::NotKept { .. })))?;
    let Heard::Said(FromEyes::Kept { clip: 9, secs, gaps, .. }) = kept else { return Err(format!("{kept:?}").into()) };
    assert!(secs >= 2.0 && gaps.is_empty(), "{secs} s, gaps {gaps:?}");
    let bytes = std::fs::read(&file)?;
    assert_eq!(bytes.get(4..8), Some(&b"ftyp"[..]), "an MP4");
    assert!(bytes.windows(4).any(|it| it == b"moov") && bytes.len() > 10_000);
    eyes.tell(&ToEyes::Keep { feed: 77, clip: 10, back_s: 1, ahead_s: 1, file })?;
    eyes.until(|it| matches!(it, Heard::Said(FromEyes::NotKept { clip: 10, .. })))?;
    Ok(())
}

#[test]
fn a_clip_goes_on_over_a_reconnect_and_tells_the_gap() -> Check {
    let cameras = Cameras::open("127.0.0.1:0")?;
    let (address, url) = (cameras.address(), format!("{}/h264", cameras.rtsp));
    let dir = tempfile::tempdir()?;
    let file: PathBuf = dir.path().join("clip.mp4");
    let mut eyes = Eyes::open()?;
    eyes.watch_of(7, 1, url.clone(), Transport::Tcp)?;
    for _ in 0..30 {
        eyes.picture(1)?;
    }
    eyes.tell(&ToEyes::Keep { feed: 7, clip: 9, back_s: 2, ahead_s: 20, file: file.clone() })?;
    eyes.picture(1)?;
    drop(cameras);
    let is_gone = |it: &Looking| matches!(it, Looking::Stalled { .. } | Looking::Failed { .. } | Looking::Ended);
    eyes.state(1, is_gone)?;
    eyes.tell(&ToEyes::Close { id: 1 })?;
    // What stopped more than a second ago is a gap, however soon it is back.
    std::thread::sleep(Duration::from_millis(1500));
    let _again = Cameras::open(&address)?;
    eyes.watch_of(7, 2, url, Transport::Tcp)?;
    eyes.picture(2)?;
    let kept = eyes.until(|it| matches!(it, Heard::Said(FromEyes::Kept { .. } | FromEyes::NotKept { .. })))?;
    let Heard::Said(FromEyes::Kept { clip: 9, secs, gaps, .. }) = kept else { return Err(format!("{kept:?}").into()) };
    let [gap] = gaps[..] else { return Err(format!("one gap, not {gaps:?}").into()) };
    assert!(gap.secs >= 1.5 && gap.at_s > 0.0 && gap.at_s + gap.secs < secs, "{gap:?} of {secs} s");
    assert_eq!(std::fs::read(&file)?.get(4..8), Some(&b"ftyp"[..]), "one file");
    Ok(())
}

#[test]
fn a_clip_of_a_source_that_stays_away_ends_in_time_and_says_what_is_missing() -> Check {
    let cameras = Cameras::open("127.0.0.1:0")?;
    let dir = tempfile::tempdir()?;
    let file: PathBuf = dir.path().join("clip.mp4");
    let mut eyes = Eyes::open()?;
    eyes.watch_of(7, 1, format!("{}/h264", cameras.rtsp), Transport::Tcp)?;
    for _ in 0..30 {
        eyes.picture(1)?;
    }
    eyes.tell(&ToEyes::Keep { feed: 7, clip: 9, back_s: 2, ahead_s: 6, file })?;
    eyes.picture(1)?;
    drop(cameras);
    let kept = eyes.until(|it| matches!(it, Heard::Said(FromEyes::Kept { .. } | FromEyes::NotKept { .. })))?;
    let Heard::Said(FromEyes::Kept { clip: 9, secs, gaps, .. }) = kept else { return Err(format!("{kept:?}").into()) };
    let [gap] = gaps[..] else { return Err(format!("one gap, not {gaps:?}").into()) };
    assert!((gap.at_s - secs).abs() < 0.01 && gap.secs > 1.0, "{gap:?} behind {secs} s");
    Ok(())
}
