//! `gulang-video`: the eyes of the hub, and cameras to practise on. The one program that links GStreamer.

mod eyes;
mod sim;

use clap::{Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

/// Opens streams for the hub, or serves simulated cameras.
///
/// Exit status: 0 done, 1 failed, 2 wrong usage. RUST_LOG=debug shows what it does on standard error.
#[derive(Parser)]
#[command(name = "gulang-video", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Open streams as the hub says on standard input, hand pictures to standard output
    ///
    /// Started by the hub. Frames are one byte of kind (J, P), four of length, then JSON or a picture. Ends when standard
    /// input closes.
    Eyes,
    /// Serve simulated cameras over RTSP, each with its clock, name, and number in the picture
    ///
    /// Prints one JSON line {"rtsp":…,"cameras":…,"simulated":true} when ready. CAMERAS is a JSON list of
    /// {"mount","name","codec":"h264"|"h265","width","height","fps","login":"user:password"}. A line
    /// {"mount","pan","tilt","zoom"} on standard input turns a camera, one as in CAMERAS adds one; it ends when standard
    /// input closes.
    ///
    /// Example: gulang-video sim --cameras cameras.json
    Sim {
        /// Port 0 takes a free one
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        #[arg(long)]
        cameras: PathBuf,
    },
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match Cli::parse().task {
        Task::Eyes => eyes::run(),
        Task::Sim { listen, cameras } => sim::run(listen, &cameras),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gulang-video: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was behind a lock whose holder panicked is still what it was.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The machine's clock, ms since 1970.
fn wall_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
