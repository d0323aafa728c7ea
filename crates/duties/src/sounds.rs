//! Chinese by its sounds: initials (`jgbj`), full pinyin (`jinggai`), characters, or any mixture. All readings count, tones
//! do not.

use pinyin::ToPinyinMulti;

/// A text with the readings of its characters.
#[derive(Clone, Debug)]
pub(crate) struct Sounds(Vec<(char, Vec<&'static str>)>);

impl Sounds {
    pub(crate) fn of(text: &str) -> Self {
        let sounds = |ch: char| {
            let mut readings: Vec<&'static str> =
                ch.to_pinyin_multi().into_iter().flatten().map(|it| it.plain()).collect();
            readings.sort_unstable();
            readings.dedup();
            (ch.to_ascii_lowercase(), readings)
        };
        Self(text.chars().filter(|it| it.is_alphanumeric()).map(sounds).collect())
    }

    /// The best run of characters that sounds like the whole query: how much of the text it is, and whether it begins it.
    pub(crate) fn find(&self, query: &[char]) -> Option<f32> {
        let found = (0..self.0.len()).filter_map(|from| {
            let n = self.matched(from, query)?;
            Some(n as f32 / self.0.len() as f32 + if from == 0 { 1.0 } else { 0.0 })
        });
        found.max_by(f32::total_cmp)
    }

    /// How many characters from here it takes to say the query.
    fn matched(&self, from: usize, query: &[char]) -> Option<usize> {
        if query.is_empty() {
            return Some(0);
        }
        let (ch, readings) = self.0.get(from)?;
        if query[0] == *ch
            && let Some(n) = self.matched(from + 1, &query[1..])
        {
            return Some(n + 1);
        }
        for reading in readings {
            let said = reading.chars().zip(query).take_while(|(a, b)| a == *b).count();
            // The whole sound, the initial alone, or as far as was typed.
            for n_letters in [reading.len(), 1] {
                if said >= n_letters
                    && let Some(n) = self.matched(from + 1, &query[n_letters..])
                {
                    return Some(n + 1);
                }
            }
            if said > 0 && said == query.len() {
                return Some(1);
            }
        }
        None
    }
}
