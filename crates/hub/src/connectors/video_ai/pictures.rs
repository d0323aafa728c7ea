//! Fetching what events show: from hosts that are named, a few at a time, up to a size and a time, and only real pictures.

use crate::{
    connectors::http::exchange_up_to,
    detections::{KeepError, PictureStore},
};
use futures_util::{StreamExt, stream};
use gulang_city::{DetectionReport, Text};
use gulang_platforms::video_ai::{AiEvent, MAX_PICTURE_BYTES, PictureAt, look_at};
use reqwest::Url;
use std::time::{Duration, Instant};

/// Pictures fetched at once.
const AT_ONCE: usize = 8;
/// One picture, and all of a message: whoever pushes waits for its answer.
const PICTURE_LIMIT: Duration = Duration::from_secs(4);
const MESSAGE_LIMIT: Duration = Duration::from_secs(7);

/// Where pictures may be fetched.
pub(super) struct Hosts {
    http: reqwest::Client,
    /// What relative addresses begin at, and where the token may go.
    base: Option<Url>,
    token: Option<String>,
    others: Vec<Url>,
}

impl Hosts {
    pub fn new(http: reqwest::Client, base: Option<&Url>, token: Option<&str>) -> Self {
        Self { http, base: base.cloned(), token: token.map(str::to_owned), others: Vec::new() }
    }

    pub fn also(&mut self, host: &Url) {
        self.others.push(host.clone());
    }

    /// Every event's report, in their order, with its kept picture or why there is none.
    pub async fn fetch_all(
        &self,
        events: Vec<AiEvent>,
        store: Option<&PictureStore>,
    ) -> Vec<(DetectionReport, Option<String>)> {
        let until = Instant::now() + MESSAGE_LIMIT;
        let one = |event: AiEvent| async move {
            let AiEvent { mut report, picture } = event;
            match self.picture(picture, store, until).await {
                Ok(name) => {
                    report.picture = name;
                    (report, None)
                }
                Err(why) => (report, Some(why)),
            }
        };
        let fetching: Vec<_> = events.into_iter().map(one).collect();
        stream::iter(fetching).buffered(AT_ONCE).collect().await
    }

    async fn picture(
        &self,
        picture: PictureAt,
        store: Option<&PictureStore>,
        until: Instant,
    ) -> Result<Option<Text>, String> {
        let bytes = match picture {
            PictureAt::Nowhere => return Ok(None),
            PictureAt::Unreadable(why) => return Err(why),
            PictureAt::Bytes(bytes) => bytes,
            PictureAt::Url(url) => self.fetch(&url, until).await?,
        };
        let Some(store) = store.cloned() else {
            look_at(&bytes).map_err(|why| why.to_string())?;
            return Ok(None);
        };
        let kept = tokio::task::spawn_blocking(move || store.keep(&bytes)).await;
        let kept = kept.map_err(|why| why.to_string())?;
        kept.map(Some).map_err(|why: KeepError| why.to_string())
    }

    async fn fetch(&self, text: &str, until: Instant) -> Result<Vec<u8>, String> {
        let url = match &self.base {
            Some(base) => base.join(text),
            None => Url::parse(text),
        };
        let url = url.map_err(|_| format!("图片地址读不懂：{text:.100}"))?;
        let is_own = self.base.as_ref().is_some_and(|it| it.origin() == url.origin());
        if !is_own && !self.others.iter().any(|it| it.origin() == url.origin()) {
            let host = url.host_str().unwrap_or("?");
            return Err(format!("不去 {host} 取图片：把它写进 options.pictures"));
        }
        let left = until.saturating_duration_since(Instant::now()).min(PICTURE_LIMIT);
        if left.is_zero() {
            return Err("图片太多或太慢，来不及取".into());
        }
        let mut request = self.http.get(url.clone());
        if let Some(token) = self.token.as_ref().filter(|_| is_own) {
            request = request.bearer_auth(token);
        }
        // An address may carry a signature of its own: what is said of it ends before the query.
        let shown = url.as_str().split('?').next().unwrap_or_default();
        exchange_up_to(MAX_PICTURE_BYTES, request, shown, left).await.map_err(|why| why.to_string())
    }
}
