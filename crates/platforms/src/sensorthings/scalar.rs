//! One JSON value read loosely and without copying: servers write ids as numbers or text, results as either.

use gulang_city::Text;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// A value that is no list and no object; those are [`Scalar::Other`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    #[default]
    Missing,
    Whole(i64),
    Number(f64),
    Flag(bool),
    Words(Cow<'a, str>),
    Other,
}

impl<'a> Scalar<'a> {
    pub(super) fn words(&self) -> Option<&str> {
        match self {
            Self::Words(words) => Some(words),
            _ => None,
        }
    }

    /// A number, text that is one, or 0 and 1 for a flag.
    pub(super) fn figure(&self) -> Option<f64> {
        let number = match self {
            Self::Whole(number) => *number as f64,
            Self::Number(number) => *number,
            Self::Flag(flag) => f64::from(u8::from(*flag)),
            Self::Words(words) => words.trim().parse().ok()?,
            Self::Missing | Self::Other => return None,
        };
        number.is_finite().then_some(number)
    }

    pub(super) fn id(&self) -> Option<IdRef<'_>> {
        match self {
            Self::Whole(number) => Some(IdRef::Number(*number)),
            Self::Words(words) if !words.is_empty() => Some(IdRef::Words(words)),
            _ => None,
        }
    }

    /// As an operator reads it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Missing => "没有".to_owned(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Words(words) => words.chars().take(60).collect(),
            Self::Other => "列表或对象".to_owned(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Scalar<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("any value")
    }
    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Flag(flag))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Whole(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Scalar::Number(number as f64), Scalar::Whole))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(number))
    }
    fn visit_borrowed_str<E: Error>(self, words: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Words(Cow::Borrowed(words)))
    }
    fn visit_str<E: Error>(self, words: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Words(Cow::Owned(words.to_owned())))
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Missing)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// An entity's `@iot.id`: servers number, or name with text or a UUID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntityId {
    Number(i64),
    Words(Text),
}

/// The same, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdRef<'a> {
    Number(i64),
    Words(&'a str),
}

impl IdRef<'_> {
    pub(super) fn to_owned(self) -> EntityId {
        match self {
            Self::Number(number) => EntityId::Number(number),
            Self::Words(words) => EntityId::Words(words.into()),
        }
    }

    /// As in an address or a topic: `5`, or `'abc'`, where quotes inside are doubled.
    pub(super) fn parse(text: &str) -> Option<EntityId> {
        if let Some(inner) = text.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')) {
            return (!inner.is_empty()).then(|| EntityId::Words(inner.replace("''", "'").into()));
        }
        text.parse().ok().map(EntityId::Number)
    }
}

impl EntityId {
    pub(super) fn by_ref(&self) -> IdRef<'_> {
        match self {
            Self::Number(number) => IdRef::Number(*number),
            Self::Words(words) => IdRef::Words(words),
        }
    }
}

/// As in an address: `5`, `'abc'`.
impl fmt::Display for EntityId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(to, "{number}"),
            Self::Words(words) => write!(to, "'{}'", words.replace('\'', "''")),
        }
    }
}

/// A row of a page: an object as `T`, or something that is none, which costs only itself.
pub(super) enum Row<T> {
    Good(T),
    Bad,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Row<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Rows<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Rows<T> {
            type Value = Row<T>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Row::Good)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Row::Bad)
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Row::Bad)
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Row::Bad)
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Row::Bad)
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Row::Bad)
            }
            fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
                Ok(Row::Bad)
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Row::Bad)
            }
        }
        from.deserialize_any(Rows(std::marker::PhantomData))
    }
}
