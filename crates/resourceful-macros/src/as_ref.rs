//! Expands `#[derive(AsRef)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Data, DeriveInput, Error, Index, Member};

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
    let fields = data.fields.iter().enumerate().filter(|(_, field)| {
        let mut attributes = field.attrs.iter();
        attributes.any(|attribute| attribute.path().is_ident("as_ref"))
    });
    let impls = fields.map(|(index, field)| {
        let ty = &field.ty;
        let member = match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(Index::from(index)),
        };
        quote! {
            impl #generics ::core::convert::AsRef<#ty> for #name #arguments #bounds {
                fn as_ref(&self) -> &#ty {
                    &self.#member
                }
            }
        }
    });
    let impls: Vec<_> = impls.collect();
    if impls.is_empty() {
        return Err(Error::new_spanned(&input.ident, EXPECTED));
    }
    Ok(quote!(#(#impls)*).into_token_stream())
}
