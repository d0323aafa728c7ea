//! Rules for 会签: one seat proposes a switch, another officer's seat co-signs or declines it, and only then it happens.

use super::footing::{Signed, Signing, people_to_sign};
use super::*;

impl City {
    /// How many people must sign a switch as the city stands: two where Ⅰ or Ⅱ is entered or left.
    pub fn signatures_needed(&self, switch: &Switch) -> u8 {
        people_to_sign(self.level_to_sign(switch))
    }

    /// The first signature. Everything the switch itself checks is checked now, so that nobody is asked to co-sign what the
    /// rules refuse.
    pub(super) fn propose(&self, source: &Source, switch: &Switch, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let signed = self.signature(source, now)?;
        self.may(source, switch.kind())?;
        if let Switch::ToWar { ask, .. } = switch {
            self.switchable(ask)?;
        }
        let level = self.level_to_sign(switch);
        self.check_entitled(&signed.seat, level)?;
        self.carry_out(switch, vec![signed.seat.clone()], now)?;
        if people_to_sign(level) < 2 {
            return Err(forbidden("Ⅲ、Ⅳ 级一席签名即可，不用提请会签"));
        }
        let number = self.n_proposals + 1;
        let mut events = Vec::new();
        if let Some(older) = &self.proposal {
            let reason = format!("第 {number} 号提议取代了它");
            events.push(closed(older, ProposalEnd::Superseded, Some(signed.clone()), reason.into()));
        }
        let expires_at = now.plus_mins(self.signing_rules.mins_in(self.realm).into());
        let switch = self.as_seen(switch, now);
        events.push(Event::SwitchProposed { proposal: Proposal { number, signed, expires_at, switch } });
        Ok(events)
    }

    /// The second signature: the records of the switch follow, with both seats in them.
    pub(super) fn co_sign(&self, source: &Source, number: u64, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let (proposal, second) = self.second_at(source, number, now)?;
        let seats = vec![proposal.signed.seat.clone(), second.seat.clone()];
        // The first may have been given another role since.
        self.check_entitled(&proposal.signed.seat, self.level_to_sign(&proposal.switch))?;
        let switched = self.carry_out(&proposal.switch, seats, now)?;
        let mut events = vec![closed(proposal, ProposalEnd::CoSigned, Some(second), "".into())];
        events.extend(switched);
        Ok(events)
    }

    pub(super) fn decline(
        &self,
        source: &Source,
        number: u64,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let (proposal, second) = self.second_at(source, number, now)?;
        if reason.trim().is_empty() {
            return Err(forbidden("不同意要写明原因"));
        }
        Ok(vec![closed(proposal, ProposalEnd::Declined, Some(second), clipped(reason))])
    }

    /// By whoever proposed it, from any seat of theirs.
    pub(super) fn withdraw(
        &self,
        source: &Source,
        number: u64,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let signed = self.signature(source, now)?;
        let proposal = self.pending(number)?;
        if signed.seat != proposal.signed.seat && signed.officer != proposal.signed.officer {
            return Err(forbidden(format!("撤回要由提议的席位「{}」来做；别的席位可以不同意", proposal.signed.seat)));
        }
        Ok(vec![closed(proposal, ProposalEnd::Withdrawn, Some(signed), clipped(reason))])
    }

    /// What time alone does to the proposal that waits.
    pub(super) fn expire_proposal(&self, now: Timestamp) -> Option<Event> {
        let proposal = self.proposal.as_ref().filter(|it| it.expires_at <= now)?;
        Some(closed(proposal, ProposalEnd::Expired, None, "到时没有会签".into()))
    }

    /// The proposal that waits was made for another footing than the one that now comes.
    pub(super) fn overtake_proposal(&self) -> Option<Event> {
        let proposal = self.proposal.as_ref()?;
        Some(closed(proposal, ProposalEnd::Superseded, None, "响应级别已经变动".into()))
    }

    /// Why a seat may not be the second to sign the proposal that waits; also what greys it on that seat's screen.
    pub fn why_not_second(&self, seat: &SeatId, proposal: &Proposal) -> Result<(), Refusal> {
        let source = Source::Seat(seat.clone());
        self.may(&source, "co_sign")?;
        self.may(&source, proposal.switch.kind())?;
        let first = &proposal.signed;
        if *seat == first.seat {
            return Err(forbidden("会签要在另一个席位上做，这是提议的席位"));
        }
        let officer = self.roles.officer_at(seat);
        if officer == &*first.officer || officer == self.roles.officer_at(&first.seat) {
            return Err(forbidden(format!("会签的要是另一个人，两个席位都是「{officer}」")));
        }
        self.check_entitled(seat, self.level_to_sign(&proposal.switch))
    }

    fn second_at(&self, source: &Source, number: u64, now: Timestamp) -> Result<(&Proposal, Signature), Refusal> {
        let signature = self.signature(source, now)?;
        let proposal = self.pending(number)?;
        self.why_not_second(&signature.seat, proposal)?;
        if proposal.expires_at <= now {
            return Err(forbidden("提议已经过期，要重新提议"));
        }
        Ok((proposal, signature))
    }

    /// The proposal of this number, if it is the one that waits; else what became of it.
    fn pending(&self, number: u64) -> Result<&Proposal, Refusal> {
        if let Some(proposal) = self.proposal.as_ref().filter(|it| it.number == number) {
            return Ok(proposal);
        }
        if number == 0 || number > self.n_proposals {
            return Err(unknown("提议", number));
        }
        let how =
            self.last_proposal.as_ref().filter(|it| it.number == number).map_or("已经了结", |it| it.how.name_zh());
        let newer =
            self.proposal.as_ref().map_or_else(String::new, |it| format!("，现在等会签的是第 {} 号", it.number));
        Err(forbidden(format!("第 {number} 号提议{how}{newer}")))
    }

    /// A signature is given at a seat, by whoever sits there.
    pub(super) fn signature(&self, source: &Source, now: Timestamp) -> Result<Signature, Refusal> {
        match source {
            Source::Seat(seat) if !seat.as_str().trim().is_empty() => {
                Ok(Signature { seat: seat.clone(), officer: self.roles.officer_at(seat).into(), at: now })
            }
            _ => Err(forbidden("要在席位上做，签的是席位上的人")),
        }
    }

    /// The level whose signing right it takes: the higher of what is in force there and what is asked.
    fn level_to_sign(&self, switch: &Switch) -> Option<ResponseLevel> {
        self.present_level(switch.districts()).max(switch.level())
    }

    /// The records of the switch, once these seats have signed.
    fn carry_out(&self, switch: &Switch, seats: Vec<SeatId>, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let signed = Signed { seats, overridden: false };
        let none = &BTreeMap::new();
        let (confirmed_by, overridden) = (&[][..], false);
        match switch {
            Switch::ToWar { ask, reason, reasons, sheet_version } => {
                let sheet_version = sheet_version.as_ref();
                self.begin_war(ask, &Signing { confirmed_by, reason, reasons, overridden, sheet_version }, signed, now)
            }
            Switch::ToPeace { districts, reason, accepted } => {
                let signing = Signing { confirmed_by, reason, reasons: none, overridden, sheet_version: None };
                self.begin_peace(districts, accepted, &signing, signed)
            }
        }
    }

    /// The switch with the version of the sheet as it is now, where none was named, and its words cut to length.
    fn as_seen(&self, switch: &Switch, now: Timestamp) -> Switch {
        let mut switch = switch.clone();
        match &mut switch {
            Switch::ToWar { ask, reason, reasons, sheet_version } => {
                if sheet_version.is_none() {
                    *sheet_version = self.sheet(ask, now).ok().map(|it| it.version);
                }
                *reason = clipped(reason);
                reasons.retain(|id, _| ask.struck.contains(id));
                reasons.values_mut().for_each(|it| *it = clipped(it));
            }
            Switch::ToPeace { reason, .. } => *reason = clipped(reason),
        }
        switch
    }
}

fn closed(proposal: &Proposal, how: ProposalEnd, by: Option<Signature>, reason: Text) -> Event {
    Event::ProposalClosed { number: proposal.number, how, by, reason }
}
