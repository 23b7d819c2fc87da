//! Strings for whatever type is asked: how a query string is deserialised.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error as JsonError, Value};

/// Deserialises strings as whatever is asked for: `"7"` is a number where one is expected.
#[derive(Clone, Copy)]
pub(super) struct Text<'de>(pub(super) &'de Value);

impl<'de> IntoDeserializer<'de, JsonError> for Text<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parse {
    ($($method:ident => $visit:ident as $expected:literal if $is_allowed:expr,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
            match self.0 {
                Value::String(text) => match text.parse() {
                    Ok(value) if $is_allowed(&value) => visitor.$visit(value),
                    _ => Err(JsonError::custom(concat!("must be ", $expected))),
                },
                other => other.$method(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = JsonError;

    parse! {
        deserialize_bool => visit_bool as "a boolean" if |_| true,
        deserialize_i8 => visit_i8 as "an integer in range" if |_| true,
        deserialize_i16 => visit_i16 as "an integer in range" if |_| true,
        deserialize_i32 => visit_i32 as "an integer in range" if |_| true,
        deserialize_i64 => visit_i64 as "an integer in range" if |_| true,
        deserialize_u8 => visit_u8 as "an integer in range" if |_| true,
        deserialize_u16 => visit_u16 as "an integer in range" if |_| true,
        deserialize_u32 => visit_u32 as "an integer in range" if |_| true,
        deserialize_u64 => visit_u64 as "an integer in range" if |_| true,
        deserialize_f32 => visit_f32 as "a number" if |value: &f32| value.is_finite(),
        deserialize_f64 => visit_f64 as "a number" if |value: &f64| value.is_finite(),
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.0 {
            Value::Object(members) => {
                let entries = members
                    .iter()
                    .map(|(name, value)| (name.as_str(), Text(value)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            Value::Array(elements) => {
                visitor.visit_seq(SeqDeserializer::new(elements.iter().map(Text)))
            }
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.0 {
            // A repaired value; a client cannot send one.
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}
