//! Rules for files taken over into the registers.

use super::*;
use rustc_hash::FxHashSet;

impl City {
    /// A part of a large import, which nobody sees before the last.
    pub(super) fn stage_part(
        &self,
        source: &Source,
        key: &Text,
        part: u32,
        rows: &RegisterRows,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let by = seat_of(source);
        self.check_part(rows)?;
        if let Some(other) = self.staged_elsewhere(&by, now) {
            return Err(forbidden(format!("席位「{}」正在分批导入，等它完成，或十分钟后再试", other.by)));
        }
        if key.is_empty() || key.len() > MAX_ID_CHARS {
            return Err(absurd("导入批号为空或过长"));
        }
        let staged = self.registers.staged.as_ref().filter(|it| it.key == *key);
        let (n_parts, n_rows) =
            staged.map_or((0, 0), |it| (it.parts.len(), it.parts.iter().map(RegisterRows::len).sum()));
        if part != 0 && part as usize != n_parts {
            return Err(stale(format!("第 {} 批到了，应是第 {} 批，请重新导入", part + 1, n_parts + 1)));
        }
        if staged.is_some_and(|it| part != 0 && it.parts.iter().any(|it| it.kind() != rows.kind())) {
            return Err(absurd("同一次导入里混了两种登记"));
        }
        let before: usize = if part == 0 { 0 } else { n_rows };
        if before + rows.len() > MAX_IMPORT_ROWS {
            return Err(absurd(format!("一次最多导入 {MAX_IMPORT_ROWS} 行，请分成几个文件")));
        }
        Ok(vec![Event::ImportStaged { key: key.clone(), by, part, rows: rows.clone() }])
    }

    /// The last part, with which all of them become the register.
    pub(super) fn import_by(
        &self,
        source: &Source,
        import: &RegisterImport,
        rows: &RegisterRows,
    ) -> Result<Vec<Event>, Refusal> {
        self.check_part(rows)?;
        if import.register != rows.kind() {
            return Err(absurd("登记的种类与行的种类不一致"));
        }
        if (import.register == RegisterKind::Points) == import.layer.trim().is_empty() {
            return Err(absurd("点位图层要有图层名，别的登记不要"));
        }
        for words in [&import.layer, &import.file, &import.sm3, &import.crs, &import.key] {
            if words.chars().count() > MAX_WORDS_CHARS {
                return Err(absurd("导入的文件名、图层名或批号过长"));
            }
        }
        if import.reason.trim().is_empty() {
            return Err(forbidden("导入登记要写明原因"));
        }
        let parts = self.parts_of(import, rows)?;
        let mut ids: FxHashSet<&str> = FxHashSet::default();
        for id in parts.iter().flat_map(|it| it.ids()) {
            if !ids.insert(id) {
                return Err(absurd(format!("编号 {id} 出现两次")));
            }
        }
        let change = self.diff_of(&import.layer, &parts).change;
        let withdraws = import.mode == ImportMode::Replace && change.n_missing > 0;
        changes(change.n_new > 0 || change.n_changed > 0 || withdraws)?;
        if withdraws {
            self.may_withdraw(import, &ids, change.n_missing)?;
        }
        let import = RegisterImport { reason: clipped(&import.reason), ..import.clone() };
        Ok(vec![Event::RegisterImported { import, by: seat_of(source), change, rows: rows.clone() }])
    }

    fn check_part(&self, rows: &RegisterRows) -> Result<(), Refusal> {
        if rows.is_empty() || rows.len() > MAX_ROWS_PER_PART {
            return Err(absurd(format!("一批要有 1–{MAX_ROWS_PER_PART} 行，不是 {}", rows.len())));
        }
        match rows.fault(self) {
            Some(why) => Err(absurd(why)),
            None => Ok(()),
        }
    }

    /// All parts of an import: those staged, then this one.
    fn parts_of<'a>(
        &'a self,
        import: &RegisterImport,
        rows: &'a RegisterRows,
    ) -> Result<Vec<&'a RegisterRows>, Refusal> {
        let staged = self.registers.staged.as_ref().filter(|it| it.key == import.key);
        let mut parts: Vec<&RegisterRows> = staged.into_iter().flat_map(|it| &it.parts).collect();
        parts.push(rows);
        let n_rows: usize = parts.iter().map(|it| it.len()).sum();
        let is_whole = parts.len() == import.n_staged as usize + 1 && n_rows == import.n_rows as usize;
        if !is_whole || parts.iter().any(|it| it.kind() != import.register) {
            return Err(stale("分批不全，什么都没有导入，请重新导入".into()));
        }
        Ok(parts)
    }

    /// What is being used is not withdrawn.
    fn may_withdraw(&self, import: &RegisterImport, named: &FxHashSet<&str>, n_missing: u32) -> Result<(), Refusal> {
        let is_war = [&self.footing].into_iter().chain(self.footings.values()).any(|it| it.posture == Posture::War);
        if is_war {
            let what = import.register.name_zh();
            return Err(forbidden(format!("战时不撤除登记：文件里少了 {n_missing} 个{what}，请改用合并")));
        }
        if import.register != RegisterKind::Teams {
            return Ok(());
        }
        let missing = self.missing(import.register, &import.layer, named);
        let out: Vec<&str> =
            missing.iter().filter(|(id, _)| self.assignments.contains_key(&***id)).map(|(_, name)| &***name).collect();
        match out.as_slice() {
            [] => Ok(()),
            out => Err(forbidden(format!("文件里没有的队伍还在外执行任务：{}；先归队，或改用合并", out.join("、")))),
        }
    }
}
