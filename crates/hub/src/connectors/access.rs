//! Tokens of a platform's open interface: a fixed one, or one fetched by id and secret and renewed before it ends.
//!
//! **Invariant:** no token and no secret is in an address that is shown, an error, or a log line.

use super::{
    city_platform::PlatformError,
    http::{self, HttpError},
};
use gulang_platforms::egova;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Renewed so long before its end, or when four fifths of a shorter life are over.
const BEFORE_END: Duration = Duration::from_secs(60);

/// How a platform is let know who asks.
#[derive(Clone)]
pub enum Access {
    Fixed(Arc<str>),
    Fetched(Arc<Fetched>),
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "Access::Fixed(***)",
            Self::Fetched(_) => "Access::Fetched(***)",
        })
    }
}

/// A token that is asked for.
pub struct Fetched {
    url: String,
    id: String,
    secret: String,
    held: Mutex<Option<Held>>,
}

struct Held {
    value: Arc<str>,
    good_until: Instant,
}

impl Access {
    pub fn fixed(token: &str) -> Self {
        Self::Fixed(token.into())
    }

    pub fn fetched(url: String, id: String, secret: String) -> Self {
        Self::Fetched(Arc::new(Fetched { url, id, secret, held: Mutex::new(None) }))
    }

    /// One that is good now; asked for once, however many want it.
    pub async fn token(&self, http: &reqwest::Client, limit: Duration) -> Result<Arc<str>, PlatformError> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::Fetched(fetched) => fetched.token(http, limit, None).await,
        }
    }

    /// Another one than `refused`; `None` where there is but one.
    pub async fn renewed(
        &self,
        http: &reqwest::Client,
        limit: Duration,
        refused: &str,
    ) -> Result<Option<Arc<str>>, PlatformError> {
        match self {
            Self::Fixed(_) => Ok(None),
            Self::Fetched(fetched) => fetched.token(http, limit, Some(refused)).await.map(Some),
        }
    }
}

impl Fetched {
    async fn token(
        &self,
        http: &reqwest::Client,
        limit: Duration,
        refused: Option<&str>,
    ) -> Result<Arc<str>, PlatformError> {
        let mut held = self.held.lock().await;
        // Whoever waited here may find that another has renewed it already.
        if let Some(known) = &*held
            && known.good_until > Instant::now()
            && refused.is_none_or(|it| *it != *known.value)
        {
            return Ok(known.value.clone());
        }
        let request = http.post(&self.url).json(&egova::token_request(&self.id, &self.secret));
        let bytes = http::exchange(request, &self.url, limit).await.map_err(|why| match why {
            HttpError::Status { url, status: 401 | 403 } => HttpError::Status { url, status: 401 },
            other => other,
        })?;
        let token = egova::read_token(&bytes)?;
        let lives = Duration::from_secs(token.lives_s);
        let good_for = lives.saturating_sub(BEFORE_END).max(lives.mul_f64(0.8).min(BEFORE_END));
        let value: Arc<str> = token.value.into();
        *held = Some(Held { value: value.clone(), good_until: Instant::now() + good_for });
        Ok(value)
    }
}
