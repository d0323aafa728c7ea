//! Follows the configuration file of a running hub: connectors that changed are opened anew, the others are not touched. A
//! faulty file changes nothing; what is wrong with it stands in the log and in `GET /api/sources`.

use crate::{
    config::{Config, ConfigErrors, read_config_for},
    hall::Hall,
    log::{Chain, sm3},
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::Duration,
};

/// Looked at so often. A file that is being written is read again at the next look.
const EVERY: Duration = Duration::from_secs(2);

/// Opens the file's connectors, and follows it until the hall is gone.
pub async fn begin(hall: &Arc<Hall>, file: PathBuf) {
    let mut watched = Watched { file, known: None, started_with: None };
    watched.look(hall).await;
    let hall = Arc::downgrade(hall);
    tokio::spawn(async move { watched.follow(&hall).await });
}

struct Watched {
    file: PathBuf,
    /// What the file was when it was last read.
    known: Option<Chain>,
    /// What else stood in it then; only a start reads that.
    started_with: Option<Config>,
}

impl Watched {
    async fn follow(&mut self, hall: &Weak<Hall>) {
        loop {
            tokio::time::sleep(EVERY).await;
            let Some(hall) = hall.upgrade() else { return };
            self.look(&hall).await;
        }
    }

    /// Reads the file if it is another, and goes by it if it is good.
    async fn look(&mut self, hall: &Arc<Hall>) {
        let bytes = tokio::fs::read(&self.file).await;
        let hash = bytes.as_ref().ok().map(|it| sm3(&[it]));
        if hash.is_some() && hash == self.known {
            return;
        }
        self.known = hash;
        let (file, pack) = (self.file.clone(), hall.pack.clone());
        // Opening every kind to try it may take a moment.
        let read = tokio::task::spawn_blocking(move || read_config_for(&file, || pack)).await;
        let fault = match read {
            Ok(Ok(config)) => self.go_by(hall, config).await,
            Ok(Err(errors)) => Some(told(&self.file, &errors)),
            Err(why) => Some(format!("{} 读不了：{why}", self.file.display())),
        };
        if let Some(fault) = &fault {
            tracing::error!(fault, "the configuration");
        }
        let exercise = hall.core_for(gulang_wire::Watch::Only(gulang_city::Realm::Exercise));
        for core in [Some(hall.actual().clone()), exercise].into_iter().flatten() {
            core.sources.set_fault(fault.clone());
        }
    }

    /// What of it has to wait for a start, in words.
    async fn go_by(&mut self, hall: &Arc<Hall>, config: Config) -> Option<String> {
        *hall.connectors.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = config.connectors.clone();
        if let Some(actual) = hall.actual.lock().await.as_mut() {
            actual.attend_to(&hall.pack, &config.connectors).await;
        }
        if let Some(exercise) = hall.exercise.lock().await.as_mut() {
            exercise.attend_to(&hall.pack, &config.connectors).await;
        }
        hall.assistant.follow(config.assistant.clone());
        let first = self.started_with.get_or_insert_with(|| config.clone());
        let waits = first.actual != config.actual || first.raster != config.raster;
        waits.then(|| format!("{}：[actual] 或 [[raster]] 改了，重启枢纽后生效；连接器已照新的办", self.file.display()))
    }
}

fn told(file: &Path, errors: &ConfigErrors) -> String {
    tracing::debug!(n = errors.0.len(), file = %file.display(), "faults");
    format!("配置有误，仍按上一份好的配置运行：\n{errors}")
}
