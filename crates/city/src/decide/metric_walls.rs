//! Rules for the layouts of the metrics walls, and for briefings.

use super::*;

impl City {
    pub(super) fn put_metric_wall(&self, id: &MetricWallId, wall: &MetricWall) -> Result<Vec<Event>, Refusal> {
        is_short_name(id.as_str())?;
        wall.check().map_err(|why| absurd(why.to_string()))?;
        if !self.metric_walls.contains_key(id) && self.metric_walls.len() >= MAX_METRIC_WALLS {
            return Err(absurd(format!("最多 {MAX_METRIC_WALLS} 面指标大屏")));
        }
        changes(self.metric_walls.get(id).is_none_or(|it| it.wall != *wall))?;
        Ok(vec![Event::MetricWallPut { id: id.clone(), wall: wall.clone() }])
    }

    pub(super) fn undo_metric_wall(&self, id: &MetricWallId) -> Result<Vec<Event>, Refusal> {
        let kept = self.metric_walls.get(id).ok_or_else(|| unknown("指标大屏", id))?;
        changes(!kept.before.is_empty())?;
        Ok(vec![Event::MetricWallUndone { id: id.clone() }])
    }

    pub(super) fn put_briefing(&self, id: &BriefingId, briefing: &Briefing) -> Result<Vec<Event>, Refusal> {
        is_short_name(id.as_str())?;
        briefing.check().map_err(|why| absurd(why.to_string()))?;
        if !self.briefings.contains_key(id) && self.briefings.len() >= MAX_BRIEFINGS {
            return Err(absurd(format!("最多留 {MAX_BRIEFINGS} 份简报；先删掉不用的")));
        }
        changes(self.briefings.get(id).is_none_or(|it| it.briefing != *briefing))?;
        Ok(vec![Event::BriefingPut { id: id.clone(), briefing: briefing.clone() }])
    }

    pub(super) fn undo_briefing(&self, id: &BriefingId) -> Result<Vec<Event>, Refusal> {
        let kept = self.briefings.get(id).ok_or_else(|| unknown("简报", id))?;
        changes(!kept.before.is_empty())?;
        Ok(vec![Event::BriefingUndone { id: id.clone() }])
    }

    pub(super) fn remove_briefing(&self, id: &BriefingId) -> Result<Vec<Event>, Refusal> {
        if !self.briefings.contains_key(id) {
            return Err(unknown("简报", id));
        }
        if scene_briefing(&self.scene).is_some_and(|it| it.0 == *id) {
            return Err(forbidden("大屏正在放这份简报；先结束放映"));
        }
        Ok(vec![Event::BriefingRemoved { id: id.clone() }])
    }

    /// Whether a scene of cards or of a briefing is there to be shown; every other scene is.
    pub(super) fn check_scene(&self, scene: &str) -> Result<(), Refusal> {
        // `metrics` alone always shows something: the hall's own figures where there is no layout.
        if let Some(id) = scene_metrics(scene, self.footing.posture).filter(|_| scene.contains(':'))
            && !self.metric_walls.contains_key(&id)
        {
            return Err(unknown("指标大屏", id));
        }
        if let Some((id, page)) = scene_briefing(scene) {
            let kept = self.briefings.get(&id).ok_or_else(|| unknown("简报", &id))?;
            if page > kept.briefing.pages.len() {
                return Err(unknown("简报页", page));
            }
        }
        Ok(())
    }
}

/// Names that go into a scene's.
fn is_short_name(id: &str) -> Result<(), Refusal> {
    let n = id.chars().count();
    if n == 0 || n > 40 { Err(absurd("编号要有 1–40 个字")) } else { Ok(()) }
}
