//! Walls: `gulang-wall` as a child of this program, one per display, started again when it dies.
//!
//! A wall is a program of its own because it draws with the machine's GPU, not in a webview, and because its fall must not
//! take the desk along.

use crate::hub::Address;
use serde::Serialize;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    env, io,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tauri::AppHandle;

/// How often children are looked after.
const ROUND: Duration = Duration::from_millis(500);
/// A wall that falls sooner than this after its start is started again only after [`REST`].
const SHORT_LIFE: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_secs(5);

/// A display a wall can stand on.
#[derive(Clone, Debug, Serialize)]
pub struct Display {
    pub number: usize,
    pub name: String,
    pub width: u32,
    pub height: u32,
}

impl Display {
    pub fn label(&self) -> String {
        format!("{} · {} · {}×{}", self.number + 1, self.name, self.width, self.height)
    }
}

pub fn displays(app: &AppHandle) -> Vec<Display> {
    let monitors = app.available_monitors().unwrap_or_default();
    monitors
        .iter()
        .enumerate()
        .map(|(number, monitor)| Display {
            number,
            name: monitor.name().cloned().unwrap_or_else(|| "显示器".to_owned()),
            width: monitor.size().width,
            height: monitor.size().height,
        })
        .collect()
}

/// Every open wall, by its display's number.
pub struct Walls {
    hub: Address,
    open: Arc<Mutex<BTreeMap<usize, Wall>>>,
}

struct Wall {
    display: Display,
    child: Child,
    started: Instant,
    /// Set while a fallen wall waits for its next start.
    again_at: Option<Instant>,
}

impl Walls {
    pub fn new(hub: Address) -> Self {
        let open = Arc::new(Mutex::new(BTreeMap::new()));
        let (watched, address) = (Arc::downgrade(&open), hub.clone());
        thread::spawn(move || {
            while let Some(open) = watched.upgrade() {
                look_after(&mut lock(&open), &address);
                drop(open);
                thread::sleep(ROUND);
            }
        });
        Self { hub, open }
    }

    /// Opens a wall on the display of this number, from 0; one that is open there already stays as it is.
    pub fn open(&self, app: &AppHandle, number: usize) -> Result<(), WallError> {
        let display = displays(app).into_iter().nth(number).ok_or(WallError::NoDisplay { number: number + 1 })?;
        let mut open = lock(&self.open);
        if let Entry::Vacant(free) = open.entry(number) {
            let child = spawn(&self.hub, &display)?;
            free.insert(Wall { display, child, started: Instant::now(), again_at: None });
        }
        Ok(())
    }

    pub fn close_all(&self) {
        for (_, mut wall) in std::mem::take(&mut *lock(&self.open)) {
            // Already gone is as good.
            let _ = wall.child.kill();
            let _ = wall.child.wait();
        }
    }
}

/// Why no wall opened.
#[derive(Debug, thiserror::Error)]
pub enum WallError {
    #[error("没有第 {number} 个显示器；请确认它已接上")]
    NoDisplay { number: usize },
    #[error("启动大屏程序 {program} 时出错；请确认它和鼓浪装在一起")]
    Start { program: PathBuf, source: io::Error },
}

/// A wall that ended well was closed by its viewer and stays closed; one that fell is started again.
fn look_after(open: &mut BTreeMap<usize, Wall>, hub: &Address) {
    open.retain(|&number, wall| {
        if let Some(again_at) = wall.again_at {
            if Instant::now() >= again_at {
                match spawn(hub, &wall.display) {
                    Ok(child) => (wall.child, wall.started, wall.again_at) = (child, Instant::now(), None),
                    Err(why) => {
                        tracing::warn!(%why, number, "a wall could not be started again");
                        wall.again_at = Some(Instant::now() + REST);
                    }
                }
            }
            return true;
        }
        match wall.child.try_wait() {
            Ok(Some(status)) if status.success() => false,
            Ok(Some(status)) => {
                tracing::warn!(%status, number, "a wall fell; starting it again");
                let rest = if wall.started.elapsed() < SHORT_LIFE { REST } else { Duration::ZERO };
                wall.again_at = Some(Instant::now() + rest);
                true
            }
            Ok(None) | Err(_) => true,
        }
    });
}

fn spawn(hub: &Address, display: &Display) -> Result<Child, WallError> {
    let program = program();
    Command::new(&program)
        .args(["--hub", &hub.url, "--token", &hub.token, "--display", &display.number.to_string()])
        .args(["--size", &format!("{}x{}", display.width, display.height)])
        .stdin(Stdio::null())
        .spawn()
        .map_err(|source| WallError::Start { program, source })
}

/// Beside this program, where both the build and the package put it.
fn program() -> PathBuf {
    let name = format!("gulang-wall{}", env::consts::EXE_SUFFIX);
    let beside = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(&name)));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| name.into())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock was held leaves a map of children, which is still a map of children.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall_running(program: &str, args: &[&str]) -> Wall {
        let child = Command::new(program).args(args).spawn().expect("a child");
        let display = Display { number: 0, name: "test".into(), width: 640, height: 480 };
        Wall { display, child, started: Instant::now(), again_at: None }
    }

    fn nowhere() -> Address {
        Address { url: "http://127.0.0.1:9".into(), token: "none".into() }
    }

    fn look_until(open: &mut BTreeMap<usize, Wall>, is_so: impl Fn(&BTreeMap<usize, Wall>) -> bool) -> bool {
        (0..200).any(|_| {
            look_after(open, &nowhere());
            thread::sleep(Duration::from_millis(10));
            is_so(open)
        })
    }

    #[test]
    fn a_wall_its_viewer_closed_stays_closed() {
        let mut open = BTreeMap::from([(0, wall_running("true", &[]))]);
        assert!(look_until(&mut open, BTreeMap::is_empty));
    }

    #[test]
    fn a_wall_that_fell_waits_for_its_next_start() {
        let mut open = BTreeMap::from([(1, wall_running("false", &[]))]);
        assert!(look_until(&mut open, |open| open.get(&1).is_some_and(|wall| wall.again_at.is_some())));
    }
}
