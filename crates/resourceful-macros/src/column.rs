//! The entity and the columns that the derives of `resourceful_db` name.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, Path, Token};

use crate::case::camel_case;

/// The path in `#[item(entity = post::Entity)]` on the type, where `name` is `item`.
pub(crate) fn entity(input: &DeriveInput, name: &str) -> Result<Path, Error> {
    let mut entity = None;
    for attribute in &input.attrs {
        if attribute.path().is_ident(name) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("entity") {
                    entity = Some(meta.value()?.parse()?);
                    Ok(())
                } else {
                    Err(meta.error(format!("expected `#[{name}(entity = post::Entity)]`")))
                }
            })?;
        }
    }
    entity.ok_or_else(|| {
        let message = format!("the table is missing: write `#[{name}(entity = post::Entity)]`");
        Error::new(input.ident.span(), message)
    })
}

/// The named fields of a struct.
pub(crate) fn named_fields<'i>(
    input: &'i DeriveInput,
    derive: &str,
) -> Result<&'i Punctuated<Field, Token![,]>, Error> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(&fields.named),
            _ => Err(expected_struct(input, derive)),
        },
        _ => Err(expected_struct(input, derive)),
    }
}

fn expected_struct(input: &DeriveInput, derive: &str) -> Error {
    let message = format!("`#[derive({derive})]` is for a struct with named fields");
    Error::new(input.ident.span(), message)
}

/// The name of a named field.
pub(crate) fn field_name(field: &Field) -> &Ident {
    field.ident.as_ref().expect("the field is a named one")
}

/// `post::Column::CreatedAt` for `created_at`: SeaORM names the column so.
pub(crate) fn column(entity: &Path, field: &Ident) -> TokenStream {
    let span = field.span();
    let variant = format_ident!("{}", camel_case(&field.to_string()), span = span);
    quote_spanned!(span=> <<#entity as ::resourceful_db::hidden::EntityTrait>::Column>::#variant)
}

/// A check of a column, which never runs. In `statement`, whose errors are at `span`, `column` refers to its value.
///
/// All names of the check have one span, so that they find each other in the expansion of another macro, too.
pub(crate) fn check(
    entity: &Path,
    column: &Ident,
    span: Span,
    statement: &TokenStream,
) -> TokenStream {
    quote_spanned! {span=>
        let _ = |model: &<#entity as ::resourceful_db::hidden::EntityTrait>::Model| {
            let column = &model.#column;
            #statement
        };
    }
}
