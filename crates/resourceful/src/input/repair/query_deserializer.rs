//! Deserialises query parameters: strings become the type that the field has.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error as JsonError, Value};

use crate::input::schema::input_schema::InputSchema;
use crate::input::schema::types::Types;

/// Deserialises strings as the type that serde requests: `"7"` is a number if one is expected.
///
/// For a flattened struct serde buffers the members and requests no type. Then the schema decides.
#[derive(Clone, Copy)]
pub(crate) struct QueryDeserializer<'de> {
    value: &'de Value,
    schema: &'static InputSchema,
    parameter: Option<&'de str>,
}

impl<'de> QueryDeserializer<'de> {
    pub(crate) fn new(query: &'de Value, schema: &'static InputSchema) -> Self {
        Self {
            value: query,
            schema,
            parameter: None,
        }
    }

    /// The string as a number or boolean, if the schema allows no string.
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
        let is_allowed_type = match &value {
            Value::Bool(_) => types.intersects(Types::BOOLEAN),
            Value::Number(_) => types.intersects(Types::INTEGER.union(Types::NUMBER)),
            _ => false,
        };
        (is_allowed_type && !types.intersects(Types::STRING)).then_some(value)
    }
}

impl<'de> IntoDeserializer<'de, JsonError> for QueryDeserializer<'de> {
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

impl<'de> Deserializer<'de> for QueryDeserializer<'de> {
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
                        QueryDeserializer {
                            value,
                            parameter,
                            ..self
                        },
                    )
                });
                visitor.visit_map(MapDeserializer::new(entries))
            }
            Value::Array(elements) => {
                let elements = elements
                    .iter()
                    .map(|value| QueryDeserializer { value, ..self });
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
            // Only repairs insert null; a client cannot send it.
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
