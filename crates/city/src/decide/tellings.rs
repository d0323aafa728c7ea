//! Rules for tellings: receipts, failures, giving up, asking again.

use super::*;

impl City {
    /// The platform's receipt, a seat's word that it was told by telephone, or why it could not be told.
    pub(super) fn report_telling(
        &self,
        source: &Source,
        number: u64,
        error: Option<&Text>,
        is_final: bool,
    ) -> Result<Vec<Event>, Refusal> {
        let telling = self.telling(number)?;
        if let Source::Platform(platform) = source
            && *platform != telling.platform
        {
            return Err(forbidden(format!("告知 {number} 不归平台 {platform}")));
        }
        let Some(error) = error else { return Ok(vec![Event::PlatformTold { telling: number }]) };
        if matches!(source, Source::Seat(_)) {
            return Err(forbidden("席位只能登记已告知"));
        }
        changes(!telling.given_up)?;
        let n_attempts = telling.n_attempts.saturating_add(1);
        let given_up = is_final || n_attempts >= self.telling_rules.max_attempts;
        Ok(vec![Event::TellingFailed { telling: number, n_attempts, error: clipped(error), given_up }])
    }

    pub(super) fn retry_telling(&self, number: u64) -> Result<Vec<Event>, Refusal> {
        changes(self.telling(number)?.given_up)?;
        Ok(vec![Event::TellingRetried { telling: number }])
    }

    /// What was told is no more; a second receipt says nothing new.
    fn telling(&self, number: u64) -> Result<&Telling, Refusal> {
        match self.untold.get(&number) {
            Some(telling) => Ok(telling),
            None if (1..=self.seq).contains(&number) => Err(Refusal::NoChange),
            None => Err(unknown("告知", number)),
        }
    }
}
