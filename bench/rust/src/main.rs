// SPDX-License-Identifier: Apache-2.0
//
// What a good Rust author writes with the usual crates: convert kinesis|export FILE > documents.bson
//
// Typed structs that borrow from the line, one line buffer and one output buffer for all; what is not needed (OldImage,
// the wrapper's other members) is skipped by serde without being built. serde_dynamo keeps maps as HashMap, so the
// order of attributes is lost. No `_id` is added.

use std::borrow::Cow;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use bson::Document;
use serde::Deserialize;
use serde_dynamo::{AttributeValue, Item};

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<EventRecord<'a>>,
}

#[derive(Deserialize)]
struct EventRecord<'a> {
    #[serde(borrow)]
    kinesis: Kinesis<'a>,
}

#[derive(Deserialize)]
struct Kinesis<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Change {
    dynamodb: Images,
}

#[derive(Deserialize)]
struct Images {
    #[serde(rename = "NewImage")]
    new_image: Item,
}

#[derive(Deserialize)]
struct Exported {
    #[serde(rename = "Item")]
    item: Item,
}

type Outcome = Result<(), Box<dyn Error>>;

/// serde_dynamo decodes base64 once; records from Kinesis have it twice.
fn decode_again(value: &mut AttributeValue) -> Outcome {
    match value {
        AttributeValue::B(bytes) => *bytes = STANDARD.decode(&bytes)?,
        AttributeValue::Bs(members) => {
            for bytes in members {
                *bytes = STANDARD.decode(&bytes)?;
            }
        }
        AttributeValue::M(map) => map.values_mut().try_for_each(decode_again)?,
        AttributeValue::L(list) => list.iter_mut().try_for_each(decode_again)?,
        _ => {}
    }
    Ok(())
}

fn write_document(item: Item, out: &mut impl Write) -> Outcome {
    let document: Document = serde_dynamo::from_item(item)?;
    document.to_writer(out)?;
    Ok(())
}

fn convert_event(line: &[u8], data: &mut Vec<u8>, out: &mut impl Write) -> Outcome {
    for record in serde_json::from_slice::<Event>(line)?.records {
        data.clear();
        STANDARD.decode_vec(record.kinesis.data.as_bytes(), data)?;
        let change: Change = serde_json::from_slice(data)?;
        let mut item = change.dynamodb.new_image;
        item.values_mut().try_for_each(decode_again)?;
        write_document(item, out)?;
    }
    Ok(())
}

fn convert_exported(line: &[u8], out: &mut impl Write) -> Outcome {
    write_document(serde_json::from_slice::<Exported>(line)?.item, out)
}

fn main() -> Outcome {
    let usage = "usage: convert kinesis|export FILE > documents.bson";
    let mut arguments = std::env::args().skip(1);
    let form = arguments.next().ok_or(usage)?;
    let path = arguments.next().ok_or(usage)?;

    let mut input = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let (mut line, mut data) = (Vec::new(), Vec::new());
    while input.read_until(b'\n', &mut line)? > 0 {
        match form.as_str() {
            "kinesis" => convert_event(&line, &mut data, &mut out)?,
            "export" => convert_exported(&line, &mut out)?,
            _ => return Err(usage.into()),
        }
        line.clear();
    }
    out.flush()?;
    Ok(())
}
