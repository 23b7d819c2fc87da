//! Expands `#[derive(Order)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Token, Variant};

use crate::case::snake_case;
use crate::column;

/// Error message for a type without orders.
const EXPECTED: &str = "`#[derive(Order)]` is for an enum of variants without fields";

/// Error message for a variant without columns.
const EXPECTED_COLUMNS: &str = "an order needs its columns: write `#[order(created_at desc)]`";

/// An argument of `#[order(..)]` on a variant.
enum Arg {
    Column { name: Ident, direction: TokenStream },
    Rename(LitStr),
}

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let expanded = syn::parse2(item).and_then(|input: DeriveInput| implement(&input));
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

fn implement(input: &DeriveInput) -> Result<TokenStream, Error> {
    let entity = column::entity(input, "order")?;
    let variants = match &input.data {
        Data::Enum(data) if !data.variants.is_empty() => &data.variants,
        _ => return Err(Error::new(input.ident.span(), EXPECTED)),
    };
    let mut names = Vec::new();
    let mut orders = Vec::new();
    let mut checks = Vec::new();
    for variant in variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, EXPECTED));
        }
        let mut name = snake_case(&variant.ident.to_string());
        let mut columns = Vec::new();
        for arg in args(variant)? {
            match arg {
                Arg::Rename(text) => name = text.value(),
                Arg::Column { name, direction } => {
                    let check = quote_spanned! {name.span()=>
                        ::resourceful_db::hidden::order_key(column);
                    };
                    checks.push(column::check(&entity, &name, name.span(), &check));
                    let column = column::column(&entity, &name);
                    columns.push(quote!((#column, ::resourceful_db::Direction::#direction)));
                }
            }
        }
        if columns.is_empty() {
            return Err(Error::new_spanned(variant, EXPECTED_COLUMNS));
        }
        if names.contains(&name) {
            let message = format!("two orders are called `{name}`");
            return Err(Error::new_spanned(variant, message));
        }
        names.push(name);
        orders.push(quote!(::std::vec![#(#columns),*]));
    }
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let name = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::resourceful_db::Order for #name {
            type Entity = #entity;

            const NAMES: &'static [&'static str] = &[#(#names),*];

            fn from_name(name: &str) -> ::core::option::Option<Self> {
                match name {
                    #(#names => ::core::option::Option::Some(Self::#idents),)*
                    _ => ::core::option::Option::None,
                }
            }

            fn name(self) -> &'static str {
                match self {
                    #(Self::#idents => #names,)*
                }
            }

            fn columns(
                self,
            ) -> ::std::vec::Vec<(
                <#entity as ::resourceful_db::hidden::EntityTrait>::Column,
                ::resourceful_db::Direction,
            )> {
                #(#checks)*
                match self {
                    #(Self::#idents => #orders,)*
                }
            }
        }
    })
}

fn args(variant: &Variant) -> Result<Vec<Arg>, Error> {
    let mut args = Vec::new();
    for attribute in &variant.attrs {
        if attribute.path().is_ident("order") {
            let list = Punctuated::<Arg, Token![,]>::parse_terminated;
            args.extend(attribute.parse_args_with(list)?);
        }
    }
    Ok(args)
}

impl Parse for Arg {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        if name == "rename" && input.parse::<Option<Token![=]>>()?.is_some() {
            return input.parse().map(Self::Rename);
        }
        let direction: Option<Ident> = input.parse()?;
        let direction = match &direction {
            None => quote!(Ascending),
            Some(direction) if direction == "asc" => quote!(Ascending),
            Some(direction) if direction == "desc" => quote!(Descending),
            Some(other) => return Err(Error::new(other.span(), "expected `asc` or `desc`")),
        };
        Ok(Self::Column { name, direction })
    }
}
