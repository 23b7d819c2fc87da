//! Strings for whatever type is asked: how a query string is deserialised.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error as JsonError, Value};

use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::types::Types;

/// Deserialises strings as whatever is asked for: `"7"` is a number where one is expected.
///
/// A flattened struct does not ask: serde keeps its members before it knows what they are. The schema
/// knows.
#[derive(Clone, Copy)]
pub(crate) struct Text<'de> {
    value: &'de Value,
    schema: &'static InputSchema,
    parameter: Option<&'de str>,
}

impl<'de> Text<'de> {
    pub(crate) fn new(query: &'de Value, schema: &'static InputSchema) -> Self {
        Self {
            value: query,
            schema,
            parameter: None,
        }
    }

    /// A number or a boolean, where the schema allows nothing else.
    fn typed(&self, text: &str) -> Option<Value> {
        let parameter = self.parameter?;
        let members = self.schema.members(&[InputSchema::ROOT], parameter);
        let schemas = if self.schema.is_list(parameter) {
            self.schema.elements(&members, 0)
        } else {
            members
        };
        let types = self.schema.types(&schemas);
        let value: Value = serde_json::from_str(text).ok()?;
        let is_asked = match &value {
            Value::Bool(_) => types.meets(Types::BOOLEAN),
            Value::Number(_) => types.meets(Types::INTEGER.or(Types::NUMBER)),
            _ => false,
        };
        (is_asked && !types.meets(Types::STRING)).then_some(value)
    }
}

impl<'de> IntoDeserializer<'de, JsonError> for Text<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parse {
    ($($method:ident => $visit:ident as $expected:literal if $is_allowed:expr,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
            match self.value {
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
        deserialize_i128 => visit_i128 as "an integer in range" if |_| true,
        deserialize_u128 => visit_u128 as "an integer in range" if |_| true,
        deserialize_u8 => visit_u8 as "an integer in range" if |_| true,
        deserialize_u16 => visit_u16 as "an integer in range" if |_| true,
        deserialize_u32 => visit_u32 as "an integer in range" if |_| true,
        deserialize_u64 => visit_u64 as "an integer in range" if |_| true,
        deserialize_f32 => visit_f32 as "a number" if |value: &f32| value.is_finite(),
        deserialize_f64 => visit_f64 as "a number" if |value: &f64| value.is_finite(),
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.value {
            Value::Object(members) => {
                let entries = members.iter().map(|(name, value)| {
                    let parameter = self.parameter.unwrap_or(name);
                    let parameter = Some(parameter);
                    (
                        name.as_str(),
                        Text {
                            value,
                            parameter,
                            ..self
                        },
                    )
                });
                visitor.visit_map(MapDeserializer::new(entries))
            }
            Value::Array(elements) => {
                let elements = elements.iter().map(|value| Text { value, ..self });
                visitor.visit_seq(SeqDeserializer::new(elements))
            }
            Value::String(text) => match self.typed(text) {
                Some(value) => value.deserialize_any(visitor),
                None => visitor.visit_borrowed_str(text),
            },
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.value {
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

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            other => other.deserialize_str(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        self.value.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct ignored_any
    }
}
