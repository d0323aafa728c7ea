//! Everything that differs between the native programs and the page, same names on both sides.

pub use here::*;

#[cfg(not(target_arch = "wasm32"))]
mod here {
    /// Waits for a future on this thread.
    pub fn block_on<T>(future: impl Future<Output = T>) -> T { bevy::tasks::block_on(future) }

    /// Resident memory of this process, MB; 0 where the system does not say.
    pub fn resident_mb() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kb| kb / 1024)
    }
}

#[cfg(target_arch = "wasm32")]
mod here {}
