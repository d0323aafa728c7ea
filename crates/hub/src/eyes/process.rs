//! The eyes as a child process: `gulang-video eyes`, beside this program or named by `GULANG_VIDEO`.

use gulang_video_link::{Deframer, Frame, FromEyes, Picture, ToEyes, VERSION, line_frame};
use std::{path::PathBuf, process::Stdio, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::{Notify, mpsc},
};

/// Orders that may wait to be read.
const WORDS_WAITING: usize = 1024;

/// What comes from it.
#[derive(Debug)]
pub enum Heard {
    Said(FromEyes),
    Picture(Picture),
    /// Last of all: why it is gone.
    Gone(String),
}

/// Ends the process when dropped.
#[derive(Debug)]
pub struct Process {
    say: mpsc::Sender<Vec<u8>>,
    /// It does not read what it is told.
    stuck: Arc<Notify>,
    /// For the bench, which counts its processor time.
    pub pid: Option<u32>,
}

impl Process {
    /// Must be called on a tokio runtime.
    pub fn start(heard: impl Fn(Heard) + Send + Sync + 'static) -> Result<Self, String> {
        let program = program();
        let spawned = Command::new(&program)
            .arg("eyes")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn();
        let mut child = spawned.map_err(|why| {
            format!("视频程序 {} 启动不了（{why}）；安装 gulang-video，或用 GULANG_VIDEO 指明", program.display())
        })?;
        let pid = child.id();
        let (say, mut said) = mpsc::channel::<Vec<u8>>(WORDS_WAITING);
        let stuck = Arc::new(Notify::new());
        let is_stuck = stuck.clone();
        if let Some(mut stdin) = child.stdin.take() {
            tokio::spawn(async move {
                while let Some(frame) = said.recv().await {
                    if stdin.write_all(&frame).await.is_err() {
                        return;
                    }
                }
            });
        }
        tokio::spawn(async move {
            let why = tokio::select! {
                why = listen(&mut child, &heard) => why,
                () = is_stuck.notified() => "视频程序不收指令，重新启动它".into(),
            };
            let _ = child.start_kill();
            let _ = child.wait().await;
            heard(Heard::Gone(why));
        });
        Ok(Self { say, stuck, pid })
    }

    pub fn tell(&self, message: &ToEyes) {
        // Words lost would leave feeds open that nobody watches: rather a new one that is told everything.
        if let Err(mpsc::error::TrySendError::Full(_)) = self.say.try_send(line_frame(message)) {
            self.stuck.notify_one();
        }
    }
}

/// Until it ends or says what cannot be understood.
async fn listen(child: &mut Child, heard: &impl Fn(Heard)) -> String {
    let Some(mut stdout) = child.stdout.take() else { return "视频程序没有输出".into() };
    let (mut deframer, mut bytes) = (Deframer::default(), vec![0; 256 * 1024]);
    loop {
        let n = match stdout.read(&mut bytes).await {
            Ok(0) => {
                return "视频程序退出了；可能缺少 GStreamer（gstreamer1.0-plugins-good、gstreamer1.0-libav）".into();
            }
            Ok(n) => n,
            Err(why) => return format!("视频程序断开：{why}"),
        };
        deframer.push(bytes.get(..n).unwrap_or_default());
        while let Some(frame) = deframer.next() {
            let said = match frame {
                Ok(Frame::Picture(picture)) => {
                    heard(Heard::Picture(picture));
                    continue;
                }
                Ok(Frame::Line(line)) => Frame::value::<FromEyes>(&line),
                Err(why) => Err(why),
            };
            match said {
                Ok(FromEyes::Ready { version, .. }) if version != VERSION => {
                    return format!("视频程序是另一版本（{version}，需要 {VERSION}）；重新安装 gulang-video");
                }
                Ok(said) => heard(Heard::Said(said)),
                Err(why) => return format!("视频程序的话听不懂：{why}"),
            }
        }
    }
}

/// Beside this program, where the build puts tests' programs above, or in the path.
pub fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("GULANG_VIDEO") {
        return named.into();
    }
    let name = format!("gulang-video{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|it| it.parent().map(|dir| dir.join(&name)));
    let above = beside.as_ref().and_then(|it| it.parent()?.parent().map(|dir| dir.join(&name)));
    beside.into_iter().chain(above).find(|it| it.is_file()).unwrap_or_else(|| name.into())
}
