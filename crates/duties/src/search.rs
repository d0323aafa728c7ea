//! Finding a duty by what somebody says.
//!
//! Words are cut by jieba and weighed by tantivy (BM25) over title, people's words and description, beside pairs of
//! characters, since what is said on the phone is rarely cut as the list is. What a duty's own words say outright counts
//! most. Typed letters are taken as pinyin.

use crate::{AgencyName, Duty, DutyList, sounds::Sounds};
use jieba_rs::Jieba;
use serde::Serialize;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use tantivy::{
    Index, IndexReader, TantivyDocument, Term,
    collector::TopDocs,
    query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions, Value},
    tokenizer::{Token, TokenStream, Tokenizer},
};

/// A duty found, as the hub answers it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DutyHit {
    pub id: String,
    pub area: String,
    pub title: String,
    pub lead: String,
    pub lead_name: String,
    pub supporting: Vec<String>,
    pub supporting_names: Vec<String>,
    pub clause: String,
    pub contact: String,
    pub phone: String,
    pub respond_mins: Option<u32>,
    /// Only to be compared within one answer.
    pub score: f32,
    /// The part of the description that says it.
    pub snippet: String,
    /// 示例: the list is made up.
    pub is_example: bool,
}

/// Duties in memory, ready to be searched.
pub struct DutyIndex {
    list: DutyList,
    names: HashMap<String, String>,
    jieba: Arc<Jieba>,
    reader: IndexReader,
    fields: Fields,
    /// Title and people's words, by duty.
    sounds: Vec<(Sounds, Vec<Sounds>)>,
}

#[derive(Clone, Copy)]
struct Fields {
    row: Field,
    title: Field,
    words: Field,
    description: Field,
    others: Field,
    title_pairs: Field,
    word_pairs: Field,
}

/// Of one query.
const MAX_CHARS: usize = 64;
/// Weighed again by what the words say outright.
const N_CONSIDERED: usize = 60;
/// The shortest snippet worth cutting, and the longest shown, characters.
const SNIPPET_CHARS: usize = 60;
/// They say nothing about what happened.
const EMPTY_WORDS: &str = "的了着过吗呢吧啊呀在有没不是我你他她它们这那个很被把给和与及就都也还又到从要会能上下里外来去说看一两几人好大小多少谁";

impl DutyIndex {
    /// Takes tenths of a second, most of it jieba's dictionary.
    pub fn build(list: DutyList, agencies: &[AgencyName]) -> tantivy::Result<Self> {
        let jieba = Arc::new(Jieba::new());
        let mut schema = Schema::builder();
        let text = |tokenizer: &str| {
            let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_fieldnorms(true);
            TextOptions::default().set_indexing_options(indexing.set_index_option(IndexRecordOption::WithFreqs))
        };
        let fields = Fields {
            row: schema.add_u64_field("row", tantivy::schema::STORED),
            title: schema.add_text_field("title", text("cut")),
            words: schema.add_text_field("words", text("cut")),
            description: schema.add_text_field("description", text("cut")),
            others: schema.add_text_field("others", text("cut")),
            title_pairs: schema.add_text_field("title_pairs", text("pairs")),
            word_pairs: schema.add_text_field("word_pairs", text("pairs")),
        };
        let index = Index::create_in_ram(schema.build());
        index.tokenizers().register("cut", Cut(jieba.clone()));
        index.tokenizers().register("pairs", Pairs);
        let names: HashMap<String, String> = agencies.iter().map(|it| (it.id.clone(), it.name.clone())).collect();
        let mut writer = index.writer_with_num_threads(1, 15_000_000)?;
        for (row, duty) in list.duties.iter().enumerate() {
            let mut document = TantivyDocument::default();
            document.add_u64(fields.row, row as u64);
            document.add_text(fields.title, &duty.title);
            document.add_text(fields.title_pairs, &duty.title);
            for word in &duty.keywords {
                document.add_text(fields.words, word);
                document.add_text(fields.word_pairs, word);
            }
            document.add_text(fields.description, &duty.description);
            let lead = names.get(&duty.lead).map_or("", String::as_str);
            document.add_text(fields.others, format!("{} {lead}", duty.area));
            writer.add_document(document)?;
        }
        writer.commit()?;
        let reader = index.reader()?;
        let sounds = list.duties.iter();
        let sounds = sounds
            .map(|it| (Sounds::of(&it.title), it.keywords.iter().map(|word| Sounds::of(word)).collect()))
            .collect();
        Ok(Self { list, names, jieba, reader, fields, sounds })
    }

    pub fn list(&self) -> &DutyList {
        &self.list
    }

    /// The likeliest first, at most `limit`. An empty query finds the list as it stands.
    pub fn search(&self, query: &str, limit: usize) -> tantivy::Result<Vec<DutyHit>> {
        let query: String = query.chars().map(half_width).filter(|it| !it.is_control()).take(MAX_CHARS).collect();
        let query = query.trim().to_lowercase();
        if query.is_empty() {
            return Ok((0..self.list.duties.len().min(limit)).map(|row| self.hit(row, 0.0, &[])).collect());
        }
        // A duty by its number.
        if let Some(row) = self.list.duties.iter().position(|it| it.id.to_lowercase() == query) {
            return Ok(vec![self.hit(row, f32::MAX, &[])]);
        }
        let words = said(&self.jieba, &query);
        let mut scored = if query.chars().any(|it| it.is_ascii_alphabetic()) {
            let by_sound = self.by_sound(&query);
            if by_sound.is_empty() { self.by_words(&query, &words)? } else { by_sound }
        } else {
            self.by_words(&query, &words)?
        };
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(scored.into_iter().take(limit).map(|(row, score)| self.hit(row, score, &words)).collect())
    }

    fn by_words(&self, query: &str, words: &[String]) -> tantivy::Result<Vec<(usize, f32)>> {
        let fields = self.fields;
        let mut wanted: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut want = |field: Field, text: &str, boost: f32| {
            let query = TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs);
            wanted.push((Occur::Should, Box::new(BoostQuery::new(Box::new(query), boost))));
        };
        for word in words {
            want(fields.title, word, 3.0);
            want(fields.words, word, 3.0);
            want(fields.description, word, 1.0);
            want(fields.others, word, 0.5);
        }
        for pair in pairs(query) {
            want(fields.title_pairs, &pair, 1.0);
            want(fields.word_pairs, &pair, 1.2);
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let top = searcher.search(&BooleanQuery::new(wanted), &TopDocs::with_limit(N_CONSIDERED).order_by_score())?;
        let plain: String = query.chars().filter(|it| it.is_alphanumeric()).collect();
        let mut scored = Vec::new();
        for (score, address) in top {
            let document: TantivyDocument = searcher.doc(address)?;
            let row = document.get_first(fields.row).and_then(|it| it.as_u64()).unwrap_or(0) as usize;
            if let Some(duty) = self.list.duties.get(row) {
                scored.push((row, score + outright(duty, &plain)));
            }
        }
        Ok(scored)
    }

    fn by_sound(&self, query: &str) -> Vec<(usize, f32)> {
        let query: Vec<char> = query.chars().filter(|it| it.is_alphanumeric()).collect();
        let scored = self.sounds.iter().enumerate().filter_map(|(row, (title, words))| {
            let by_title = title.find(&query).map(|it| it + 0.5);
            let by_word = words.iter().filter_map(|it| it.find(&query)).max_by(f32::total_cmp);
            let best = by_title.into_iter().chain(by_word).max_by(f32::total_cmp)?;
            Some((row, best))
        });
        scored.collect()
    }

    fn hit(&self, row: usize, score: f32, words: &[String]) -> DutyHit {
        let duty = &self.list.duties[row];
        let name = |id: &String| self.names.get(id).unwrap_or(id).clone();
        DutyHit {
            id: duty.id.clone(),
            area: duty.area.clone(),
            title: duty.title.clone(),
            lead: duty.lead.clone(),
            lead_name: name(&duty.lead),
            supporting: duty.supporting.clone(),
            supporting_names: duty.supporting.iter().map(name).collect(),
            clause: duty.clause.clone(),
            contact: duty.contact.clone(),
            phone: duty.phone.clone(),
            respond_mins: duty.respond_mins,
            score,
            snippet: snippet(&duty.description, words),
            is_example: self.list.is_example,
        }
    }
}

/// What a duty's own words say outright: the query in one of them, or one of them in the query.
fn outright(duty: &Duty, query: &str) -> f32 {
    let words = duty.keywords.iter().map(String::as_str).chain([duty.title.as_str()]);
    let said = words.map(|word| {
        let n = word.chars().count() as f32;
        if query == word {
            20.0 + n
        } else if query.contains(word) {
            4.0 * n
        } else if query.chars().count() > 1 && word.contains(query) {
            3.0 * query.chars().count() as f32
        } else {
            0.0
        }
    });
    said.fold(0.0, f32::max)
}

/// The sentence that has most of the words in it, or the first.
fn snippet(description: &str, words: &[String]) -> String {
    if description.chars().count() <= SNIPPET_CHARS {
        return description.to_owned();
    }
    let sentences = description.split_inclusive(['。', '；', '\n']);
    let n_said = |it: &str| words.iter().filter(|word| it.contains(&word[..])).count();
    let best = sentences.rev().max_by_key(|it| n_said(it)).unwrap_or(description);
    best.trim().chars().take(SNIPPET_CHARS).collect()
}

/// The words of a text that say something, each once.
fn said(jieba: &Jieba, text: &str) -> Vec<String> {
    let words = jieba.cut_for_search(text, true);
    let words: BTreeSet<String> =
        words.iter().map(|it| it.word.to_lowercase()).filter(|it| says_something(it)).collect();
    words.into_iter().collect()
}

fn says_something(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric) && !word.chars().all(|it| EMPTY_WORDS.contains(it))
}

/// Neighbouring characters, without those that say nothing at either end.
fn pairs(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().filter(|it| it.is_alphanumeric()).collect();
    let pairs = chars.windows(2).map(|it| it.iter().collect::<String>());
    pairs.filter(|it| says_something(it)).collect()
}

/// `ＡＢ（１）` → `AB(1)`.
pub(crate) fn half_width(ch: char) -> char {
    match ch {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(ch as u32 - 0xfee0).unwrap_or(ch),
        _ => ch,
    }
}

/// jieba for tantivy.
#[derive(Clone)]
struct Cut(Arc<Jieba>);

/// Pairs of characters for tantivy.
#[derive(Clone)]
struct Pairs;

/// Words already cut.
struct Words {
    tokens: Vec<Token>,
    next: usize,
}

impl Words {
    fn of(texts: impl Iterator<Item = String>) -> Self {
        let token = |(position, text): (usize, String)| Token { position, text, ..Token::default() };
        Self { tokens: texts.enumerate().map(token).collect(), next: 0 }
    }
}

impl Tokenizer for Cut {
    type TokenStream<'a> = Words;
    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words {
        let words = self.0.cut_for_search(text, true);
        Words::of(words.iter().map(|it| it.word.to_lowercase()).filter(|it| says_something(it)))
    }
}

impl Tokenizer for Pairs {
    type TokenStream<'a> = Words;
    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words {
        Words::of(pairs(text).into_iter())
    }
}

impl TokenStream for Words {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }
    fn token(&self) -> &Token {
        &self.tokens[self.next - 1]
    }
    fn token_mut(&mut self) -> &mut Token {
        &mut self.tokens[self.next - 1]
    }
}
