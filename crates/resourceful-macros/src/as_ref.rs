//! Expands `#[derive(AsRef)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Error, Field, Index, Member, Meta, Token, Type};

/// Error message where there is nothing to implement.
const EXPECTED: &str = "`#[derive(AsRef)]` is for a struct: write `#[as_ref]` on the fields of which it makes an \
                        `AsRef`";

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let expanded = syn::parse2(item).and_then(|input: DeriveInput| implement(&input));
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

fn implement(input: &DeriveInput) -> Result<TokenStream, Error> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, EXPECTED));
    };
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let mut impls = Vec::new();
    for (index, field) in data.fields.iter().enumerate() {
        let member = match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(index)),
        };
        for (ty, value) in references(field, &member)? {
            impls.push(quote! {
                impl #generics ::core::convert::AsRef<#ty> for #name #arguments #bounds {
                    fn as_ref(&self) -> &#ty {
                        #value
                    }
                }
            });
        }
    }
    if impls.is_empty() {
        return Err(Error::new_spanned(&input.ident, EXPECTED));
    }
    Ok(quote!(#(#impls)*))
}

/// The types of which this field gives a reference, each with the expression for it.
fn references(field: &Field, member: &Member) -> Result<Vec<(Type, TokenStream)>, Error> {
    let mut references = Vec::new();
    for attribute in &field.attrs {
        if !attribute.path().is_ident("as_ref") {
            continue;
        }
        if let Meta::Path(_) = attribute.meta {
            references.push((field.ty.clone(), quote!(&self.#member)));
            continue;
        }
        let types = attribute.parse_args_with(Punctuated::<Type, Token![,]>::parse_terminated)?;
        let inner = |ty| {
            let value = quote!(::core::convert::AsRef::<#ty>::as_ref(&self.#member));
            (ty, value)
        };
        references.extend(types.into_iter().map(inner));
    }
    Ok(references)
}
