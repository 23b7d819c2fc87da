//! A serde serializer with the same output as `serde_json` at a third of the cost.
//!
//! Keys are literals with comma and colon, strings are scanned eight bytes at a time, and writing cannot
//! fail. The cost depends on inlining: the compiler knows a key only if the code that writes it is
//! inlined.

#![expect(
    clippy::inline_always,
    reason = "measured: without it a list costs twice as much"
)]

use std::fmt::{self, Display, Write as _};

use serde::ser::{self, Error as _, Serialize};
use serde_json::Error;

use super::escape::{is_plain, write_contents, write_string};

type Result<T> = std::result::Result<T, Error>;

/// The prefix of struct names that `serde_json` treats specially (`RawValue`).
const SERDE_JSON_PRIVATE: &str = "$serde_json::private::";

/// Writes one value at the end of `out`.
pub(super) struct Writer<'a> {
    pub(super) out: &'a mut Vec<u8>,
}

/// An array or an object that is being written.
pub(super) struct Compound<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
    end: End,
}

enum End {
    Bracket(u8),
    /// The content of an enum's variant, `{"variant":{..}}`.
    Variant(u8),
    /// A private type of `serde_json`, by its name.
    SerdeJsonPrivate(&'static str),
}

impl<'a> Writer<'a> {
    #[inline(always)]
    fn open(self, start: u8, end: End) -> Compound<'a> {
        self.out.push(start);
        Compound {
            out: self.out,
            is_empty: true,
            end,
        }
    }

    #[inline(always)]
    fn variant(self, name: &str, start: u8, end: u8) -> Compound<'a> {
        self.out.push(b'{');
        write_key(self.out, true, name);
        self.open(start, End::Variant(end))
    }
}

impl Compound<'_> {
    #[inline(always)]
    fn element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        value.serialize(Writer { out: self.out })
    }

    #[inline(always)]
    fn field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
        if let End::SerdeJsonPrivate(type_name) = self.end {
            return serde_json_private(self.out, type_name, name, value);
        }
        write_key(self.out, self.is_empty, name);
        self.is_empty = false;
        value.serialize(Writer { out: self.out })
    }

    #[inline(always)]
    fn close(self) {
        match self.end {
            End::Bracket(end) => self.out.push(end),
            End::Variant(end) => self.out.extend_from_slice(&[end, b'}']),
            End::SerdeJsonPrivate(_) => {}
        }
    }
}

/// Writes `,"name":`, in one copy if the compiler knows the name.
#[inline(always)]
fn write_key(out: &mut Vec<u8>, is_first: bool, text: &str) {
    const SHORT: usize = 28;
    let name = text.as_bytes();
    if name.len() <= SHORT && is_plain(name) {
        let mut key = [0; SHORT + 4];
        key[..2].copy_from_slice(b",\"");
        key[2..2 + name.len()].copy_from_slice(name);
        key[2 + name.len()..4 + name.len()].copy_from_slice(b"\":");
        out.extend_from_slice(&key[usize::from(is_first)..name.len() + 4]);
    } else {
        write_other_key(out, is_first, text);
    }
}

/// Writes a long key, or one with escapes.
#[inline(never)]
fn write_other_key(out: &mut Vec<u8>, is_first: bool, name: &str) {
    if !is_first {
        out.push(b',');
    }
    write_string(out, name);
    out.push(b':');
}

#[cold]
fn serde_json_private<T: ?Sized + Serialize>(
    out: &mut Vec<u8>,
    type_name: &'static str,
    name: &'static str,
    value: &T,
) -> Result<()> {
    use ser::{SerializeStruct as _, Serializer as _};
    let mut serializer = serde_json::Serializer::new(out);
    let mut open = serializer.serialize_struct(type_name, 1)?;
    open.serialize_field(name, value)?;
    open.end()
}

macro_rules! integers {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<()> {
            self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            Ok(())
        }
    )*};
}

impl<'a> ser::Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_i128: i128, serialize_u128: u128,
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        serde_json::to_writer(self.out, &value)
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        serde_json::to_writer(self.out, &value)
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        write_string(self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.collect_seq(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let mut object = self.open(b'{', End::Bracket(b'}'));
        object.field(variant, value)?;
        object.close();
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>> {
        Ok(self.open(b'[', End::Bracket(b']')))
    }

    #[inline]
    fn serialize_tuple(self, length: usize) -> Result<Compound<'a>> {
        self.serialize_seq(Some(length))
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Compound<'a>> {
        self.serialize_seq(Some(length))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>> {
        Ok(self.variant(variant, b'[', b']'))
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>> {
        Ok(self.open(b'{', End::Bracket(b'}')))
    }

    #[inline(always)]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>> {
        if name.starts_with(SERDE_JSON_PRIVATE) {
            return Ok(Compound {
                out: self.out,
                is_empty: true,
                end: End::SerdeJsonPrivate(name),
            });
        }
        Ok(self.open(b'{', End::Bracket(b'}')))
    }

    #[inline(always)]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>> {
        Ok(self.variant(variant, b'{', b'}'))
    }

    fn collect_str<T: ?Sized + Display>(self, value: &T) -> Result<()> {
        self.out.push(b'"');
        write!(EscapingWriter(self.out), "{value}").map_err(Error::custom)?;
        self.out.push(b'"');
        Ok(())
    }
}

/// Escapes a string while it is formatted.
struct EscapingWriter<'a>(&'a mut Vec<u8>);

impl fmt::Write for EscapingWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_contents(self.0, text);
        Ok(())
    }
}

macro_rules! elements {
    ($($trait:ident: $method:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            #[inline]
            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        }
    )*};
}

elements!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = Error;

            #[inline(always)]
            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<()> {
                self.field(name, value)
            }

            #[inline(always)]
            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    /// Writes a key. Numbers and booleans become strings.
    #[inline]
    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        let start = self.out.len();
        key.serialize(Writer { out: self.out })?;
        match self.out.get(start) {
            Some(b'"') => {}
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                self.out.insert(start, b'"');
                self.out.push(b'"');
            }
            _ => return Err(Error::custom("key must be a string")),
        }
        self.out.push(b':');
        Ok(())
    }

    #[inline]
    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        value.serialize(Writer { out: self.out })
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.close();
        Ok(())
    }
}
