//! A city platform over REST, in the shape of the eGova open interface: `POST …/openapi?egova_openapi_token=T` with
//! `{uid, action, senderCode, data}`, answered by `{code, msg, data}` ([`gulang_platforms::egova`]).

use super::{
    access::Access,
    http::{HttpError, exchange, exchange_up_to},
};
use crate::{
    case_desks::CaseDesk,
    media,
    realm::{CallVideo, Dispatch, Endpoints, NewsDispatch, RealmKind},
};
use async_trait::async_trait;
use gulang_city::*;
use gulang_platforms::{
    egova::{self, CallWord, CaseProcess, EgovaError, Taken},
    value::text_of,
};
use serde_json::{Value, json};
use std::{marker::PhantomData, path::PathBuf, time::Duration};

pub use gulang_platforms::egova::Page;

#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Egova(#[from] EgovaError),
}

impl PlatformError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Egova(error) => error.remedy(),
        }
    }

    /// Asking again cannot help.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Egova(error) if error.is_final())
    }

    /// The token is not good, or no longer.
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self,
            Self::Http(HttpError::Status { status: 401, .. }) | Self::Egova(EgovaError::Code { code: 401, .. })
        )
    }
}

/// How long a platform is waited for: longer while it is late, so that one that answers in half a minute is heard at last.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    least: Duration,
    limit: Duration,
}

impl Patience {
    const LONGEST: Duration = Duration::from_secs(60);

    pub fn new(least: Duration) -> Self {
        Self { least, limit: least }
    }

    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// From what an exchange came to, and how long that took.
    pub fn learn<T>(&mut self, result: &Result<T, PlatformError>, took: Duration) {
        let limit = match result {
            Err(PlatformError::Http(HttpError::TimedOut { .. })) => self.limit.max(took * 2),
            Err(PlatformError::Http(_)) => return,
            // One quick answer does not make a slow platform quick.
            Ok(_) | Err(_) => (took * 2).max(self.limit / 2),
        };
        self.limit = limit.clamp(self.least, Self::LONGEST.max(self.least));
    }
}

/// One platform of one realm.
#[derive(Clone, Debug)]
pub struct CityPlatform<R: RealmKind> {
    http: reqwest::Client,
    /// Without the token.
    url: String,
    access: Access,
    pub platform: PlatformId,
    pub timeout: Duration,
    /// The realm's folder, where the pictures that go with reports are kept.
    pub dir: Option<PathBuf>,
    _realm: PhantomData<R>,
}

/// A platform's word that it has an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub receipt_id: String,
    pub duplicate: bool,
}

/// What came of a letter that arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The number a case found here has there.
    pub taken: Option<Taken>,
}

impl<R: RealmKind> CityPlatform<R> {
    /// `None` if the realm has no such platform configured.
    pub fn new(http: reqwest::Client, endpoints: &Endpoints<R>, platform: &str) -> Option<Self> {
        let base = endpoints.addresses.platform.as_deref()?.trim_end_matches('/');
        let token = endpoints.addresses.token.as_deref().unwrap_or("gulang");
        Some(Self::at(http, format!("{base}/{platform}/openapi"), Access::fixed(token), platform.into()))
    }

    /// One of `[[connector]]`, which belongs to the realm of whoever opens it.
    pub(crate) fn at(http: reqwest::Client, url: String, access: Access, platform: PlatformId) -> Self {
        Self { http, url, access, platform, timeout: Duration::from_secs(5), dir: None, _realm: PhantomData }
    }

    /// Puts an order on the wire. Only an order of this realm fits.
    pub async fn deliver(&self, order: &Dispatch<R>) -> Result<Receipt, PlatformError> {
        let data = json!({
            "noticeId": order.key,
            "orderId": order.order.0,
            "definitionVersion": order.definition_version,
            "unitId": &*order.unit,
            "title": &*order.title,
            "content": &*order.body,
            "clause": &*order.clause,
            "planVersion": &*order.plan_version,
            "supportUnits": order.supporting,
            "ackBy": order.ack_by.to_beijing_text(),
            "deadline": order.due_at.to_beijing_text(),
            "channel": order.channel,
            "supersedes": order.supersedes,
            "exercise": R::REALM == Realm::Exercise,
        });
        let data = self.post("NOTIFY", data).await?;
        let receipt_id =
            text_of(&data["receiptId"]).ok_or_else(|| EgovaError::Garbage { why: "没有 receiptId".into() })?;
        Ok(Receipt { receipt_id, duplicate: data["duplicate"].as_bool().unwrap_or(false) })
    }

    /// Tells news beside the orders. Like an order, it must be of this realm; its key makes a repeat harmless.
    pub async fn tell(&self, news: &NewsDispatch<R>) -> Result<Told, PlatformError> {
        let (action, mut data) = egova::wire_of(&news.telling.news);
        data["newsId"] = news.key.as_str().into();
        data["exercise"] = (R::REALM == Realm::Exercise).into();
        let (usage, names) = egova::media_of(&news.telling.news);
        if !names.is_empty() {
            data["medias"] = self.medias(usage, names).await?.into();
        }
        let answer = self.post(action, data).await?;
        let is_report = matches!(news.telling.news, News::CaseFound { .. });
        Ok(Told { taken: is_report.then(|| egova::read_taken(&answer)).transpose()? })
    }

    /// Small pictures go inside, larger ones are uploaded first. One that is gone does not keep the case back.
    async fn medias(&self, usage: &str, names: &[Text]) -> Result<Vec<Value>, PlatformError> {
        let mut medias = Vec::new();
        for name in names {
            let bytes = match &self.dir {
                Some(dir) => media::read(dir, name).await,
                None => None,
            };
            let Some(bytes) = bytes else {
                tracing::warn!(platform = %self.platform, name = &**name, "a picture of a report is not there");
                continue;
            };
            let path = match egova::upload(name, usage, &bytes) {
                Some(data) => Some(egova::read_upload(&self.post("UPLOAD_MEDIA", data).await?)?),
                None => None,
            };
            medias.push(egova::attachment(name, usage, &bytes, path.as_deref()));
        }
        Ok(medias)
    }

    pub async fn cases(&self, cursor: &str, limit: u32) -> Result<Page, PlatformError> {
        self.page("ITEM_INST_SYNC", cursor, limit, |item| egova::read_case(item, &self.platform)).await
    }

    pub async fn notices(&self, cursor: &str, limit: u32) -> Result<Page, PlatformError> {
        self.page("GET_NOTICE_INFO", cursor, limit, |item| egova::read_notice(item, R::KEY_PREFIX)).await
    }

    /// What units that are out said (报到).
    pub async fn units(&self, cursor: &str, limit: u32) -> Result<Page, PlatformError> {
        self.page("GET_UNIT_INFO", cursor, limit, egova::read_check_in).await
    }

    pub async fn evacuation(&self, cursor: &str, limit: u32) -> Result<Page, PlatformError> {
        self.page("GET_EVACUATION_INFO", cursor, limit, egova::read_evacuation).await
    }

    /// Rings somebody in the street; the same again asks how the call stands.
    pub async fn call(&self, call: &CallVideo<R>) -> Result<CallWord, PlatformError> {
        let (action, mut data) = egova::ask_call(&call.key, call.person.as_str(), &call.why);
        data["exercise"] = (R::REALM == Realm::Exercise).into();
        Ok(egova::read_call(&self.post(action, data).await?)?)
    }

    pub async fn hang_up(&self, call: &CallVideo<R>) -> Result<CallWord, PlatformError> {
        let (action, mut data) = egova::end_call(&call.key);
        data["exercise"] = (R::REALM == Realm::Exercise).into();
        Ok(egova::read_call(&self.post(action, data).await?)?)
    }

    async fn page(
        &self,
        action: &str,
        cursor: &str,
        limit: u32,
        read: impl Fn(&Value) -> Result<Command, String>,
    ) -> Result<Page, PlatformError> {
        let data = self.post(action, json!({ "cursor": cursor, "limit": limit })).await?;
        Ok(egova::read_page(&data, read, &self.platform)?)
    }

    /// A token that is refused is renewed once.
    async fn post(&self, action: &str, data: Value) -> Result<Value, PlatformError> {
        let body = egova::request(action, data);
        let token = self.access.token(&self.http, self.timeout).await?;
        let result = self.ask(&body, &token).await;
        if !result.as_ref().is_err_and(PlatformError::is_unauthorized) {
            return result;
        }
        match self.access.renewed(&self.http, self.timeout, &token).await? {
            Some(token) => self.ask(&body, &token).await,
            None => result,
        }
    }

    async fn ask(&self, body: &Value, token: &str) -> Result<Value, PlatformError> {
        let request = self.http.post(&self.url).query(&[("egova_openapi_token", token)]).json(body);
        let bytes = exchange(request, &self.url, self.timeout).await?;
        Ok(egova::read_reply(&bytes)?)
    }
}

#[async_trait]
impl<R: RealmKind> CaseDesk for CityPlatform<R> {
    async fn process(&self, external: &str) -> Result<CaseProcess, PlatformError> {
        let of = || json!({ "recId": external });
        let info = self.post("GET_REC_INFO", of()).await?;
        let process = self.post("GET_REC_PROCESS_INFO", of()).await?;
        Ok(egova::read_process(&info, &process)?)
    }

    async fn picture(&self, path: &str) -> Result<Vec<u8>, PlatformError> {
        // Only from the platform itself, and only a plain path of it: a token goes nowhere else.
        let is_plain = path.starts_with('/') && !path.starts_with("//") && !path.contains("..");
        let base = reqwest::Url::parse(&self.url).ok().filter(|_| is_plain);
        let joined = base.and_then(|it| it.join(path).ok());
        let url = joined.ok_or_else(|| EgovaError::Garbage { why: "图片路径不是平台上的路径".into() })?;
        let token = self.access.token(&self.http, self.timeout).await?;
        let request = self.http.get(url.clone()).query(&[("egova_openapi_token", &*token)]);
        Ok(exchange_up_to(egova::MAX_MEDIA_BYTES, request, url.as_str(), self.timeout).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_platform_is_waited_for_longer_and_a_quick_one_no_longer_than_need_be() {
        let secs = Duration::from_secs;
        let late = || Err::<(), _>(PlatformError::from(HttpError::TimedOut { url: String::new(), secs: 5 }));
        let down = Err::<(), _>(PlatformError::from(HttpError::Status { url: String::new(), status: 503 }));
        let mut patience = Patience::new(secs(5));
        // Several given up in one batch had the same time, and lengthen it once.
        for took in [5, 5, 5, 10, 20] {
            patience.learn(&late(), secs(took));
        }
        assert_eq!(patience.limit(), secs(40));
        patience.learn(&Ok::<_, PlatformError>(()), secs(30));
        assert_eq!(patience.limit(), secs(60), "thirty seconds, twice over");
        patience.learn(&late(), secs(60));
        assert_eq!(patience.limit(), secs(60), "no longer than that");
        patience.learn(&down, secs(0));
        assert_eq!(patience.limit(), secs(60), "an answer that is none teaches nothing");
        for _ in 0..5 {
            patience.learn(&Ok::<_, PlatformError>(()), secs(1));
        }
        assert_eq!(patience.limit(), secs(5));
    }
}
