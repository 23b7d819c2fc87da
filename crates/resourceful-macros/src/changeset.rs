//! Expands `#[derive(Changeset)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Field, Ident};

use crate::column::{self, field_name};
use crate::serde_name::deserialized_name;

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let expanded = syn::parse2(item).and_then(|input: DeriveInput| implement(&input));
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

fn implement(input: &DeriveInput) -> Result<TokenStream, Error> {
    let entity = column::entity(input, "changeset")?;
    let model = quote!(<#entity as ::resourceful_db::hidden::EntityTrait>::ActiveModel);
    let mut members = Vec::new();
    let mut assignments = Vec::new();
    for field in column::named_fields(input, "Changeset")? {
        let named = column(field).and_then(|column| {
            let member = deserialized_name(&input.attrs, field)?;
            Ok(column.map(|column| (column, member)))
        });
        let (column, member) = match named {
            Ok(Some(named)) => named,
            Ok(None) => continue,
            // The others are checked, and the type is a changeset.
            Err(error) => {
                assignments.push(error.to_compile_error());
                continue;
            }
        };
        let (name, span) = (field_name(field), field.ty.span());
        let column_name = column.to_string();
        let column_name = column_name.trim_start_matches("r#");
        members.push(quote!((#column_name, #member)));
        // All names of the closure have one span: see `column::check`.
        let assign = quote_spanned! {span=>
            |field, model: &mut #model| {
                let column = &mut model.#column;
                ::resourceful_db::Assign::assign(field, column)
            }
        };
        assignments.push(quote!((#assign)(self.#name, model);));
    }
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::resourceful_db::Changeset<#entity> for #name #arguments #bounds {
            const MEMBERS: &'static [(&'static str, &'static str)] = &[#(#members),*];

            fn apply(self, model: &mut #model) {
                #(#assignments)*
            }
        }
    })
}

/// The column of a field; `None` with `#[changeset(skip)]`.
fn column(field: &Field) -> Result<Option<Ident>, Error> {
    let mut column = Some(field_name(field).clone());
    for attribute in &field.attrs {
        if !attribute.path().is_ident("changeset") {
            continue;
        }
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip") {
                column = None;
            } else if meta.path.is_ident("column") {
                column = Some(meta.value()?.parse()?);
            } else {
                return Err(meta.error("expected `column = author_id` or `skip`"));
            }
            Ok(())
        })?;
    }
    Ok(column)
}
