// SPDX-License-Identifier: Apache-2.0
//
// The forms of records and what is expected of them stand in docs/file-formats.md.
#include "decode/record.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decode/json.h"
#include "support/aggregate.h"
#include "support/readings.h"
#include "support/text_base64.h"

namespace dynatlas {

namespace {

using Outcome = RecordDecoder::Outcome;

std::string shown(const RecordFault& fault) {
  return std::string(fault.kind == ErrorKind::poison ? "poison" : "fatal") +
         (fault.path.empty() ? "" : " at " + fault.path) + ": " + fault.cause;
}

enum class Stands { alone, in_records, in_items };

// One decoder and the text that its record refers to.
class Decoding {
 public:
  explicit Decoding(ItemRules rules = {}, RecordOptions options = {}) : decoder(rules_, options) {
    rules_.others = rules;
  }

  std::string read(const std::string& text, Stands where = Stands::alone) {
    text_ = text + std::string(json::json_padding, '\0');
    const char* in = text_.data();
    const char* end = in + text.size();
    const auto decoded = where == Stands::alone        ? decoder.decode(in, end)
                         : where == Stands::in_records ? decoder.decode_element(in, end)
                                                       : decoder.decode_item_of("of-page", in, end);
    const std::string at = std::to_string(decoded.behind - in);
    switch (decoded.outcome) {
      case Outcome::decoded:
        EXPECT_EQ(decoded.behind, end) << text;
        return dynatlas::shown(decoder.record());
      case Outcome::poison:
        EXPECT_EQ(decoded.behind, end) << text;
        return shown(decoder.fault());
      case Outcome::page:
        EXPECT_EQ(decoded.behind, in);
        return "page";
      case Outcome::failed_batch:
        return "failed batch: " + decoder.failed_batch_payload(in);
      case Outcome::aggregated:
        return "aggregated: " + decoder.aggregated_event();
      case Outcome::broken:
        return "broken at " + at;
      case Outcome::unfinished:
        return "unfinished at " + at;
    }
    return "?";
  }

 private:
  FixedRules rules_;
  std::string text_;

 public:
  RecordDecoder decoder;
};

std::string read(const std::string& text, const ItemRules& rules = {}, const RecordOptions& options = {}) {
  return Decoding(rules, options).read(text);
}

std::string read_as(InputForm form, const std::string& text) {
  RecordOptions options;
  options.form = form;
  return read(text, {}, options);
}

ItemRules key(const std::vector<std::string>& names) {
  ItemRules rules;
  rules.key = names;
  return rules;
}

const std::string image = R"({"pk":{"S":"1"},"b":{"B":"AQI="}})";
const std::string shown_image = R"({"pk":"1","b":{"$binary":{"base64":"AQI=","subType":"00"}}})";
const std::string twice_image = R"({"pk":{"S":"1"},"b":{"B":"QVFJPQ=="}})";

// The body of a change, `dynamodb`.
std::string body(const std::string& more = R"(,"NewImage":{"pk":{"S":"1"}})",
                 const std::string& time = "1720740233012995") {
  return R"({"ApproximateCreationDateTime":)" + time + R"(,"Keys":{"pk":{"S":"1"}})" + more + "}";
}

std::string kinesis(const std::string& dynamodb = body(), const std::string& event = "INSERT",
                    const std::string& more = "") {
  return R"({"awsRegion":"x","eventName":")" + event + R"(","recordFormat":"application/json","tableName":"t",)" +
         more + R"("dynamodb":)" + dynamodb + R"(,"eventSource":"aws:dynamodb"})";
}

std::string streams(const std::string& dynamodb, const std::string& event = "INSERT", const std::string& more = "") {
  return R"({"eventID":"7","eventName":")" + event + R"(","eventVersion":"1.1","eventSource":"aws:dynamodb",)" + more +
         R"("dynamodb":)" + dynamodb + "}";
}

// --- items

TEST(DecodeRecord, ReadsAnItem) {
  EXPECT_EQ(read(image), "item upsert " + shown_image);
  EXPECT_EQ(read("{}"), "item upsert {}");
  EXPECT_EQ(read(R"({"pk":{"S":"1"},"s":{"SS":["x"]}})"), R"(item upsert {"pk":"1","s":["x"]} types={"s":"SS"})");
}

TEST(DecodeRecord, TakesTheKeyOfAnItemFromTheRules) {
  const std::string text = R"({"sk":{"N":"0.5"},"x":{"S":"y"},"pk":{"S":"1"}})";
  const std::string shown = R"({"sk":{"$numberDouble":"0.5"},"x":"y","pk":"1"})";
  EXPECT_EQ(read(text, key({"pk"})), R"(item upsert key={"pk":"1"} )" + shown);
  EXPECT_EQ(read(text, key({"pk", "sk"})), R"(item upsert key={"pk":"1","sk":{"$numberDecimal":"0.5"}} )" + shown);
  EXPECT_EQ(read(R"({"_id":{"S":"1"}})", key({"_id"})), R"(item upsert key={"_id":"1"} {"%5Fid":"1"})");
}

TEST(DecodeRecord, RefusesAnItemWithoutItsKey) {
  EXPECT_EQ(read(image, key({"pk", "sk"})), "poison at sk: is a key attribute that is missing from the item");
  EXPECT_EQ(read(R"({"x":{"M":{"pk":{"S":"1"}}}})", key({"pk"})),
            "poison at pk: is a key attribute that is missing from the item");
  EXPECT_EQ(read(R"({"pk":{"S":""}})", key({"pk"})), "poison at pk: is an empty key value");
  EXPECT_EQ(read(R"({"pk":{"B":""}})", key({"pk"})), "poison at pk: is an empty key value");
  EXPECT_EQ(read(R"({"pk":{"BOOL":true}})", key({"pk"})),
            "poison at pk: is a key attribute of a type other than S, N and B");
  EXPECT_EQ(read(R"({"pk":{"SS":["x"]}})", key({"pk"})),
            "poison at pk: is a key attribute of a type other than S, N and B");
}

TEST(DecodeRecord, ReadsTheItemOfAFullExportAndOfGetItem) {
  EXPECT_EQ(read("{\"Item\":" + image + "}"), "item upsert " + shown_image);
  EXPECT_EQ(read("{\"Item\":" + image + R"(,"ConsumedCapacity":{"CapacityUnits":0.5},"ResponseMetadata":{}})"),
            "item upsert " + shown_image);
  EXPECT_EQ(read(R"({"ConsumedCapacity":{},"Item":{"pk":{"S":"1"}}})", key({"pk"})),
            R"(item upsert key={"pk":"1"} {"pk":"1"})");
}

// --- which form it is

TEST(DecodeRecord, KnowsAWrapperOfManyByNamesAndKinds) {
  for (const char* text :
       {"[]", "[1]", R"({"Records":[]})", R"({"Items":[],"Count":0})", R"({"Count":1,"Items":[{"pk":{"S":"1"}}]})",
        R"({"Responses":{"customers":[]},"UnprocessedKeys":{}})", R"({"Responses":{}})", R"({"Records":[)",
        R"({"MillisBehindLatest":0,"Records":[)"}) {
    EXPECT_EQ(read(text), "page") << text;
  }
}

TEST(DecodeRecord, TakesAnItemForAnItemWhoseNamesAreAWrappers) {
  for (const char* text :
       {R"({"Records":{"S":"x"}})", R"({"Items":{"L":[]}})", R"({"Items":{"M":{}}})", R"({"Responses":{"S":"x"}})",
        R"({"Responses":{"L":[]}})", R"({"Item":{"S":"x"}})", R"({"Item":{"M":{"a":{"S":"x"}}}})",
        R"({"Item":{"M":{}}})", R"({"Keys":{"S":"a"},"NewImage":{"S":"b"}})",
        R"({"Metadata":{"M":{}},"Keys":{"SS":["x"]}})", R"({"dynamodb":{"S":"x"}})", R"({"kinesis":{"M":{}}})",
        R"({"eventName":{"S":"x"},"dynamodb":{"M":{}}})", R"({"Data":{"S":"x"},"SequenceNumber":{"N":"1"}})",
        R"({"payload":{"S":"x"},"requestContext":{"S":"x"}})", R"({"Item":{"S":"x"},"pk":{"S":"1"}})"}) {
    EXPECT_EQ(read(text).substr(0, 12), "item upsert ") << text;
    EXPECT_EQ(read(text).find(R"({"S")"), std::string::npos) << text;
  }
}

TEST(DecodeRecord, LetsValidityDecideBetweenAWrapperOfOneAndAnItem) {
  EXPECT_EQ(read(R"({"Item":{"M":{"S":"x"}}})"),
            R"(item upsert {"M":"x"})");  // no item: a map with a string that is no value
  EXPECT_EQ(read(R"({"Item":{"M":{"a":{"S":"x"}}}})"), R"(item upsert {"Item":{"a":"x"}})");
  EXPECT_EQ(
      read(R"({"Item":{"pk":{"X":"1"}}})"),
      "poison at pk: has none of the type keys S, N, B, BOOL, NULL, SS, NS, BS, L, M");  // neither: the wrapper's cause
  EXPECT_EQ(read(R"({"Keys":{"pk":{"S":"1"}},"NewImage":{"pk":{"S":"1"}}})"),
            "poison at Metadata: has no Metadata with WriteTimestampMicros");
}

TEST(DecodeRecord, RefusesWhatIsNoObject) {
  for (const char* text : {"7", "-1.5", "true", "null", R"("x")"})
    EXPECT_EQ(read(text), "poison: is no JSON object") << text;
}

TEST(DecodeRecord, TellsABrokenValueFromOneThatIsNotWhole) {
  EXPECT_EQ(read(R"({"pk":{"S":"1"},})"), "broken at 16");
  EXPECT_EQ(read(R"({"pk":{"S":1 2}})"), "broken at 13");
  EXPECT_EQ(read("}"), "broken at 0");
  for (const std::string& text : {image, kinesis(), "{\"Item\":" + image + "}"}) {
    for (std::size_t size = 0; size < text.size(); ++size)
      EXPECT_EQ(read(text.substr(0, size)), "unfinished at " + std::to_string(size)) << text.substr(0, size);
  }
}

// --- incremental exports

TEST(DecodeRecord, ReadsIncrementalExports) {
  const std::string time = R"("Metadata":{"WriteTimestampMicros":{"N":"1680109764000001"}})";
  const std::string keys = R"("Keys":{"pk":{"S":"1"}})";
  const std::string upsert = R"(incremental upsert @1680109764000001 keys={"pk":"1"} )" + shown_image;
  const std::string remove = R"(incremental remove @1680109764000001 keys={"pk":"1"})";
  EXPECT_EQ(read("{" + time + "," + keys + ",\"NewImage\":" + image + "}"), upsert);
  EXPECT_EQ(read("{\"NewImage\":" + image + "," + keys + "," + time + "}"), upsert);
  EXPECT_EQ(read("{" + keys + ",\"NewImage\":" + image + "," + time + "}"), upsert);
  EXPECT_EQ(read("{" + time + "," + keys + R"(,"OldImage":{"x":{"N":"?"}},"NewImage":)" + image + "}"), upsert);
  EXPECT_EQ(read("{" + time + "," + keys + "}"), remove);
  EXPECT_EQ(read("{" + time + "," + keys + R"(,"OldImage":[{"S":5}]})"), remove);
  for (const char* other : {R"("1680109764000001")", "1680109764000001"})
    EXPECT_EQ(read(R"({"Metadata":{"WriteTimestampMicros":)" + std::string(other) + "}," + keys + "}"), remove)
        << other;
}

TEST(DecodeRecord, RefusesIncrementalExportsThatLackSomething) {
  const std::string time = R"("Metadata":{"WriteTimestampMicros":{"N":"1680109764000001"}})";
  const std::string keys = R"("Keys":{"pk":{"S":"1"}})";
  EXPECT_EQ(read("{" + keys + R"(,"Metadata":{}})"), "poison at Metadata: has no readable WriteTimestampMicros");
  EXPECT_EQ(read("{" + keys + R"(,"Metadata":{"WriteTimestampMicros":{"N":"x"}}})"),
            "poison at Metadata: has no readable WriteTimestampMicros");
  EXPECT_EQ(read("{" + time + ",\"NewImage\":" + image + R"(,"Keys":{}})"), "poison at Keys: holds no key attribute");
  EXPECT_EQ(read("{" + time + "," + keys + "," + keys + "}"), "poison: has Keys twice");
  EXPECT_EQ(read("{" + time + "," + keys + ",\"NewImage\":" + image + ",\"NewImage\":" + image + "}"),
            "poison: has NewImage twice");
  EXPECT_EQ(read("{" + time + "," + keys + R"(,"NewImage":{"pk":{"S":"1"},"m":{"M":{"n":{"N":"x"}}}}})"),
            "poison at m.n: is no number as DynamoDB writes them, such as -12.5 or 1E-7");
  EXPECT_EQ(read_as(InputForm::incremental, "{" + time + ",\"NewImage\":" + image + "}"), "poison: has no Keys");
}

// --- keys and images

TEST(DecodeRecord, RefusesAnImageWithoutItsKeyOrWithAnother) {
  const std::string missing = "poison at pk: is a key attribute that is missing from the new image";
  const std::string differs = "poison at pk: is a key attribute with another value in the new image than in Keys";
  const auto in_both = [](const std::string& keys, const std::string& new_image) {
    const std::string parts = R"("Keys":{"pk":)" + keys + R"(},"NewImage":)" + new_image;
    const std::string incremental = read(R"({"Metadata":{"WriteTimestampMicros":{"N":"1"}},)" + parts + "}");
    const std::string change = read(kinesis(R"({"ApproximateCreationDateTime":1,)" + parts + "}"));
    if (incremental.starts_with("poison")) {
      EXPECT_EQ(incremental, change);
    } else {
      EXPECT_EQ(change.substr(0, 16), "kinesis upsert t");
    }
    return incremental;
  };
  EXPECT_EQ(in_both(R"({"S":"1"})", R"({"x":{"S":"1"}})"), missing);
  EXPECT_EQ(in_both(R"({"S":"1"})", R"({"m":{"M":{"pk":{"S":"1"}}}})"), missing);
  EXPECT_EQ(in_both(R"({"S":"1"})", R"({"pk":{"S":"2"}})"), differs);
  EXPECT_EQ(in_both(R"({"S":"1"})", R"({"pk":{"N":"1"}})"), differs);
  EXPECT_EQ(in_both(R"({"N":"1"})", R"({"pk":{"N":"1.5"}})"), differs);
  EXPECT_EQ(in_both(R"({"S":"1"})", R"({"pk":{"S":"12"}})"), differs);
  EXPECT_EQ(in_both(R"({"S":"1"})", R"({"pk":{"S":""}})"), "poison at pk: is an empty key value");
  EXPECT_EQ(in_both(R"({"S":""})", R"({"pk":{"S":""}})"), "poison at Keys.pk: is an empty key value");
  const std::string same = R"(incremental upsert @1 keys={"pk":{"$numberInt":"1"}} {"pk":{"$numberInt":"1"}})";
  EXPECT_EQ(in_both(R"({"N":"1"})", R"({"pk":{"N":"1"}})"), same);
  EXPECT_EQ(in_both(R"({"N":"1"})", R"({"pk":{"N":"1.0"}})"), same);
  EXPECT_EQ(in_both(R"({ "N" : "1" })", R"({"pk":{"N":"\u0031"}})"), same);
}

TEST(DecodeRecord, FindsBothKeysInTheImage) {
  const auto with = [](const std::string& new_image) {
    return read(
        R"({"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"sk":{"N":"2"},"_id":{"S":"1"}},"NewImage":)" +
        new_image + "}");
  };
  EXPECT_EQ(with(R"({"_id":{"S":"1"},"sk":{"N":"2"}})"),
            R"(incremental upsert @1 keys={"sk":{"$numberInt":"2"},"_id":"1"} {"%5Fid":"1","sk":{"$numberInt":"2"}})");
  EXPECT_EQ(with(R"({"_id":{"S":"1"}})"), "poison at sk: is a key attribute that is missing from the new image");
  EXPECT_EQ(with(R"({"sk":{"N":"2"},"_id":{"S":"3"}})"),
            "poison at _id: is a key attribute with another value in the new image than in Keys");
}

// --- Kinesis

TEST(DecodeRecord, ReadsAKinesisRecordWhateverTheOrderOfItsMembers) {
  const std::string expected = R"(kinesis upsert t @1720740233012995 keys={"pk":"1"} )" + shown_image;
  EXPECT_EQ(read(kinesis(body(",\"NewImage\":" + twice_image))), expected);
  EXPECT_EQ(
      read(
          R"({"dynamodb":{"NewImage":)" + twice_image +
          R"(,"OldImage":{"b":{"B":"*"},"n":7},"Keys":{"pk":{"S":"1"}},"ApproximateCreationDateTime":1720740233012995},)"
          R"("tableName":"t","eventName":"MODIFY"})"),
      expected);
  EXPECT_EQ(read(kinesis(body(), "REMOVE")), R"(kinesis remove t @1720740233012995 keys={"pk":"1"})");
  EXPECT_EQ(read(kinesis(body(R"(,"OldImage":{"pk":{"X":5}})"), "REMOVE")),
            R"(kinesis remove t @1720740233012995 keys={"pk":"1"})");
}

TEST(DecodeRecord, ReadsTheTimeOfAKinesisRecordInItsPrecision) {
  const auto time_of = [](const std::string& time, const std::string& precision) {
    const std::string more = precision.empty() ? "" : R"(,"ApproximateCreationDateTimePrecision":")" + precision + '"';
    const std::string shown = read(kinesis(body(more, time), "REMOVE"));
    return shown.starts_with("poison") ? shown : shown.substr(17, shown.find(" keys") - 17);
  };
  EXPECT_EQ(time_of("1720740233012995", "MICROSECOND"), "@1720740233012995");
  EXPECT_EQ(time_of("1660598951098", "MILLISECOND"), "@1660598951098000");
  EXPECT_EQ(time_of("5", "MICROSECOND"), "@5");
  EXPECT_EQ(time_of("5", "MILLISECOND"), "@5000");
  EXPECT_EQ(time_of("200000000000000", "MILLISECOND"), "@200000000000000000");
  // Without a precision: above 1e14 in microseconds, else in milliseconds.
  EXPECT_EQ(time_of("1660598951097", ""), "@1660598951097000");
  EXPECT_EQ(time_of("100000000000000", ""), "@100000000000000000");
  EXPECT_EQ(time_of("100000000000001", ""), "@100000000000001");
  EXPECT_EQ(time_of("1720740233012995", ""), "@1720740233012995");
  EXPECT_EQ(time_of(R"("2024-07-11T23:23:53.012995Z")", "MICROSECOND"), "@1720740233012995");
  EXPECT_EQ(time_of(R"("2024-07-11T23:23:53.012995Z")", ""), "@1720740233012995");
  for (const char* text : {"null", "-5", R"("x")", "{}", "1e300"})
    EXPECT_EQ(time_of(text, ""), "poison: has no readable ApproximateCreationDateTime") << text;
  EXPECT_EQ(read(kinesis(R"({"Keys":{"pk":{"S":"1"}}})", "REMOVE")),
            "poison: has no readable ApproximateCreationDateTime");
}

TEST(DecodeRecord, DecodesBinariesOfKinesisTwiceUnlessItIsToldOtherwise) {
  RecordOptions once;
  once.kinesis_binary = ItemDecoder::Binary::once;
  const auto with = [](const std::string& base64) {
    return kinesis(R"({"ApproximateCreationDateTime":1,"Keys":{"pk":{"B":")" + base64 +
                   R"("}},"NewImage":{"pk":{"B":")" + base64 + R"("}}})");
  };
  const std::string value = R"({"pk":{"$binary":{"base64":"AQI=","subType":"00"}}})";
  const std::string expected = "kinesis upsert t @1000 keys=" + value + " " + value;
  EXPECT_EQ(read(with("QVFJPQ==")), expected);
  EXPECT_EQ(read(with("AQI="), {}, once), expected);
  EXPECT_EQ(read(with("AQI=")).substr(0, 61), "poison at Keys.pk: is a binary that is no valid base64 of bas");
  // All other forms have them once, whatever is said of Kinesis.
  EXPECT_EQ(read(streams(body(",\"NewImage\":" + image, "1")), {}, once),
            R"(streams upsert @1000000 keys={"pk":"1"} )" + shown_image);
}

TEST(DecodeRecord, ReadsTheEnvelopeOfKinesis) {
  const std::string change = kinesis(body(",\"NewImage\":" + twice_image));
  const std::string expected = R"(kinesis upsert t @1720740233012995 #4959 keys={"pk":"1"} )" + shown_image;
  EXPECT_EQ(read(R"({"kinesis":{"sequenceNumber":"4959","data":")" + text_base64_encode(change) + "\"}}"), expected);
  EXPECT_EQ(read(R"({"kinesis":{"data":")" + text_base64_encode(change) +
                 R"(","sequenceNumber":"0004959"},"eventSource":"aws:kinesis"})"),
            expected);
  EXPECT_EQ(read(R"({"SequenceNumber":"4959","Data":")" + text_base64_encode(change) + R"(","PartitionKey":"x"})"),
            expected);
  EXPECT_EQ(read(R"({"Data":")" + text_base64_encode(" \n" + change + " \r\n") + R"(","SequenceNumber":"4959"})"),
            expected);
  EXPECT_EQ(Decoding().read(R"({"Data":")" + text_base64_encode(change) + R"(","SequenceNumber":"4959"})",
                            Stands::in_records),
            expected);
}

TEST(DecodeRecord, RefusesDataThatHoldsNoChange) {
  const auto with = [](const std::string& data) {
    return Decoding().read(R"({"Data":")" + data + R"(","SequenceNumber":"1"})", Stands::in_records);
  };
  EXPECT_EQ(with("*"), "poison: has data that is no valid base64");
  EXPECT_EQ(with(text_base64_encode(kinesis()).substr(1)), "poison: has data that is no valid base64");
  EXPECT_EQ(with(text_base64_encode("\xFF")), "poison: has data that is no valid UTF-8");
  EXPECT_EQ(with(""), "poison: has data that is no JSON object of a DynamoDB change");
  EXPECT_EQ(with(text_base64_encode("[1]")), "poison: has data that is no JSON object of a DynamoDB change");
  EXPECT_EQ(with(text_base64_encode(kinesis().substr(0, 60))), "poison: has data whose JSON is cut off");
  EXPECT_EQ(with(text_base64_encode("{\"a\" 1}" + std::string(10, ' '))), "poison: has data that is no valid JSON");
  EXPECT_EQ(with(text_base64_encode(kinesis() + "x")), "poison: has data with something behind its JSON object");
  EXPECT_EQ(with(text_base64_encode(kinesis() + std::string(1, '\0'))),
            "poison: has data with something behind its JSON object");
  EXPECT_EQ(with(text_base64_encode("{}")), "poison: is no change record: it has no dynamodb object");
  EXPECT_EQ(with(text_base64_encode(R"({"Data":"AQ==","SequenceNumber":"1"})")),
            "poison: is a Kinesis record inside of a Kinesis record");
  EXPECT_EQ(with(text_base64_encode(kinesis(body(R"(,"NewImage":{"pk":{"S":"1"},"l":{"L":[{"N":"x"}]}})")))),
            "poison at l.0: is no number as DynamoDB writes them, such as -12.5 or 1E-7");
}

// --- DynamoDB Streams

TEST(DecodeRecord, ReadsAStreamsRecord) {
  const std::string expected = R"(streams upsert @1480642020000000 #111 keys={"pk":"1"} )" + shown_image;
  const std::string more =
      ",\"NewImage\":" + image + R"(,"SequenceNumber":"111","StreamViewType":"NEW_AND_OLD_IMAGES")";
  EXPECT_EQ(read(streams(body(more, "1480642020"))), expected);
  EXPECT_EQ(read(streams(body(more, "1480642020.0"))), expected);
  EXPECT_EQ(read(streams(body(more, R"("2016-12-02T01:27:00+00:00")"))), expected);
  // As docs/file-formats.md shows it, without a version.
  EXPECT_EQ(read(R"({"eventSource":"aws:dynamodb","eventName":"REMOVE","dynamodb":)" +
                 body(R"(,"SequenceNumber":"111")", "1480642020") + "}"),
            R"(streams remove @1480642020000000 #111 keys={"pk":"1"})");
}

TEST(DecodeRecord, ReadsTheTableInAStreamsArn) {
  const std::string arn = "arn:aws:dynamodb:us-east-2:123456789012:table/orders-eu/stream/2024-07-12T00:00:00.000";
  const std::string expected = "streams remove orders-eu @1480642020000000 of " + arn + R"( keys={"pk":"1"})";
  EXPECT_EQ(read(streams(body("", "1480642020"), "REMOVE", R"("eventSourceARN":")" + arn + "\",")), expected);
  EXPECT_EQ(
      read(R"({"dynamodb":)" + body("", "1480642020") + R"(,"eventName":"REMOVE","eventSourceARN":")" + arn + "\"}"),
      expected);
}

TEST(DecodeRecord, NormalisesSequenceNumbers) {
  const auto sequence_of = [](const std::string& digits) {
    Decoding decoding;
    const std::string shown = decoding.read(streams(body(R"(,"SequenceNumber":")" + digits + '"', "1"), "REMOVE"));
    const std::string in_envelope =
        Decoding().read(R"({"SequenceNumber":")" + digits + R"(","Data":")" + text_base64_encode(kinesis()) + "\"}",
                        Stands::in_records);
    if (shown.starts_with("poison")) {
      EXPECT_EQ(in_envelope, shown);
      return shown;
    }
    const std::string sequence(decoding.decoder.record().sequence);
    EXPECT_EQ(in_envelope.find(" #" + sequence + " ") != std::string::npos, !sequence.empty());
    return sequence;
  };
  EXPECT_EQ(sequence_of("9"), "9");
  EXPECT_EQ(sequence_of("0"), "0");
  EXPECT_EQ(sequence_of("000"), "0");
  EXPECT_EQ(sequence_of("0001234567890"), "1234567890");
  EXPECT_EQ(sequence_of("49590338271490256608559692538361571095921575989136588898"),
            "49590338271490256608559692538361571095921575989136588898");
  EXPECT_EQ(sequence_of(std::string(999, '9')), std::string(999, '9'));
  EXPECT_EQ(sequence_of("00" + std::string(999, '9')), std::string(999, '9'));
  EXPECT_EQ(sequence_of(""), "");
  const std::string refused = "poison: has a sequence number that is no number";
  EXPECT_EQ(sequence_of(std::string(1000, '9')), refused);
  for (std::size_t at = 0; at < 20; ++at) {
    for (const char other : {'/', ':', 'a', ' ', '-', '.'}) {
      std::string digits(20, '5');
      digits[at] = other;
      EXPECT_EQ(sequence_of(digits), refused) << digits;
    }
  }
}

// --- changes of both kinds

TEST(DecodeRecord, KnowsWhatTtlRemoved) {
  const std::string ttl = R"("userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},)";
  EXPECT_EQ(read(kinesis(body(), "REMOVE", ttl)), R"(kinesis remove t @1720740233012995 ttl keys={"pk":"1"})");
  EXPECT_EQ(read(streams(body("", "1"), "REMOVE", ttl)), R"(streams remove @1000000 ttl keys={"pk":"1"})");
  EXPECT_EQ(read(streams(body("", "1"), "REMOVE",
                         R"("userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"},)")),
            R"(streams remove @1000000 ttl keys={"pk":"1"})");
  for (const char* other :
       {R"("userIdentity":null,)", R"("userIdentity":{},)", R"("userIdentity":{"type":"Service","principalId":"x"},)",
        R"("userIdentity":{"type":"User","principalId":"dynamodb.amazonaws.com"},)"}) {
    EXPECT_EQ(read(kinesis(body(), "REMOVE", other)), R"(kinesis remove t @1720740233012995 keys={"pk":"1"})") << other;
  }
}

TEST(DecodeRecord, RefusesEventsThatDynamoDbHasNot) {
  for (const char* event : {"", "insert", "DELETE", "INSERTS"}) {
    EXPECT_EQ(read(kinesis(body(), event)), "poison: has an eventName other than INSERT, MODIFY and REMOVE") << event;
    EXPECT_EQ(read(streams(body(), event)).substr(0, 6), "poison") << event;
  }
}

TEST(DecodeRecord, StopsForAStreamWithoutNewImages) {
  const std::string expected = "fatal: has no NewImage: the stream's view type must be NEW_IMAGE or NEW_AND_OLD_IMAGES";
  for (const char* event : {"INSERT", "MODIFY"}) {
    EXPECT_EQ(read(kinesis(body(R"(,"OldImage":{"pk":{"S":"1"}})"), event)), "poison: has no NewImage");
    EXPECT_EQ(read(kinesis(body(R"(,"NewImage":null)"), event)), "poison: has no NewImage");
    EXPECT_EQ(read(streams(body(R"(,"StreamViewType":"KEYS_ONLY")", "1"), event)), expected);
  }
}

TEST(DecodeRecord, RefusesChangesThatLackSomethingOrHaveItTwice) {
  EXPECT_EQ(read(kinesis(R"({"ApproximateCreationDateTime":1,"NewImage":{"pk":{"S":"1"}}})")), "poison: has no Keys");
  EXPECT_EQ(read(kinesis(body(R"(,"Keys":{"pk":{"S":"1"}})"))), "poison: has Keys twice");
  EXPECT_EQ(read(kinesis(body(R"(,"NewImage":{"pk":{"S":"1"}},"NewImage":{"pk":{"S":"1"}})"))),
            "poison: has NewImage twice");
  EXPECT_EQ(read(kinesis(body(), "INSERT", "\"dynamodb\":" + body() + ",")), "poison: has dynamodb twice");
  EXPECT_EQ(Decoding().read(R"({"eventName":"INSERT"})", Stands::in_records),
            "poison: is no change record: it has no dynamodb object");
  EXPECT_EQ(Decoding().read("{}", Stands::in_records), "poison: is no change record: it has no dynamodb object");
  EXPECT_EQ(Decoding().read("7", Stands::in_records), "poison: is no JSON object");
  EXPECT_EQ(Decoding().read(R"({"eventName":"INSERT","dynamodb":7})", Stands::in_records),
            "poison: has a dynamodb that is no object");
}

// What is parked says its key and version where they could be read.
TEST(DecodeRecord, TellsWhatIsKnownOfARefusedRecord) {
  const std::string broken = R"(,"NewImage":{"pk":{"S":"1"},"n":{"N":"x"}})";
  Decoding decoding;
  const auto known = [&decoding] {
    Record record = decoding.decoder.record();
    record.operation = Record::Operation::remove;  // there is no image
    return dynatlas::shown(record);
  };
  decoding.read(kinesis(body(broken)));
  EXPECT_EQ(known(), R"(kinesis remove t @1720740233012995 keys={"pk":"1"})");
  decoding.read(streams(body(broken + R"(,"SequenceNumber":"111")", "1480642020")));
  EXPECT_EQ(known(), R"(streams remove @1480642020000000 #111 keys={"pk":"1"})");
  decoding.read(R"({"Data":")" + text_base64_encode(kinesis(body(broken))) + R"(","SequenceNumber":"9"})",
                Stands::in_records);
  EXPECT_EQ(known(), R"(kinesis remove t @1720740233012995 #9 keys={"pk":"1"})");
  Decoding with_key(key({"pk"}));
  with_key.read(R"({"pk":{"S":"1"},"n":{"N":"x"}})");
  ASSERT_EQ(with_key.decoder.record().keys.size(), 1U);
  EXPECT_EQ(with_key.decoder.record().keys[0].name, "pk");
}

TEST(DecodeRecord, ForgetsTheRecordBefore) {
  Decoding decoding;
  const std::string ttl = R"("userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},)";
  decoding.read(kinesis(body(), "REMOVE", ttl));
  decoding.read(streams(body(R"(,"SequenceNumber":"111")", "1"), "REMOVE",
                        R"("eventSourceARN":"arn:aws:dynamodb:r:1:table/tbl/stream/x",)"));
  EXPECT_EQ(decoding.read(R"({"a":{"N":"x"}})"),
            "poison at a: is no number as DynamoDB writes them, such as -12.5 or 1E-7");
  EXPECT_EQ(decoding.read(R"({"a":{"S":"x"}})"), R"(item upsert {"a":"x"})");
}

// --- rules by table

TEST(DecodeRecord, FollowsTheRulesOfItsTable) {
  FixedRules rules;
  rules.tables["decimals"].numbers = NumberPolicy::decimal;
  RecordDecoder decoder(rules, {});
  const auto image_of = [&decoder](const std::string& table) {
    const std::string text = R"({"tableName":")" + table + R"(","eventName":"INSERT","dynamodb":)" +
                             body(R"(,"NewImage":{"pk":{"S":"1"},"n":{"N":"0.5"}})") + "}" +
                             std::string(json::json_padding, '\0');
    EXPECT_EQ(decoder.decode(text.data(), text.data() + text.size() - json::json_padding).outcome, Outcome::decoded);
    return elements_as_json(decoder.record().image);
  };
  const std::string natural = R"({"pk":"1","n":{"$numberDouble":"0.5"}})";
  const std::string decimal = R"({"pk":"1","n":{"$numberDecimal":"0.5"}})";
  EXPECT_EQ(image_of("others"), natural);
  EXPECT_EQ(image_of("decimals"), decimal);
  EXPECT_EQ(image_of("others"), natural);
}

// --- elements of pages, forced forms, failed batches

TEST(DecodeRecord, DecodesTheItemsOfAPageAsItemsOnly) {
  Decoding decoding;
  EXPECT_EQ(decoding.read(image, Stands::in_items), "item upsert of-page " + shown_image);
  EXPECT_EQ(decoding.read(R"({"Item":{"M":{"a":{"S":"x"}}}})", Stands::in_items),
            R"(item upsert of-page {"Item":{"a":"x"}})");
  EXPECT_EQ(decoding.read(R"({"Item":{"a":{"S":"x"}}})", Stands::in_items).substr(0, 15), "poison at Item:");
  EXPECT_EQ(decoding.read("7", Stands::in_items).substr(0, 7), "poison:");
  EXPECT_EQ(decoding.read(R"({"a":)", Stands::in_items), "unfinished at 5");
  EXPECT_EQ(decoding.read(R"({"a":]})", Stands::in_items), "broken at 5");
}

TEST(DecodeRecord, ReadsOneFormOnlyWhereItIsForced) {
  EXPECT_EQ(read_as(InputForm::item, R"({"Item":{"S":"x"}})"), R"(item upsert {"Item":"x"})");
  EXPECT_EQ(read_as(InputForm::item, R"({"Item":{"M":{"S":"x"}}})").substr(0, 17), "poison at Item.S:");
  EXPECT_EQ(read_as(InputForm::item, R"({"Records":[]})").substr(0, 18), "poison at Records:");
  EXPECT_EQ(read_as(InputForm::item, "[]"), "poison: is no JSON object");
  EXPECT_EQ(read_as(InputForm::full_export, "{\"Item\":" + image + "}"), "item upsert " + shown_image);
  EXPECT_EQ(read_as(InputForm::full_export, R"({"Item":{"M":{"a":{"S":"x"}}}})"),
            "poison at M: has none of the type keys S, N, B, BOOL, NULL, SS, NS, BS, L, M");
  EXPECT_EQ(read_as(InputForm::full_export, image), "poison: has a member beside Item that is none of the AWS CLI's");
  EXPECT_EQ(read_as(InputForm::full_export, "{\"Item\":" + image + ",\"Item\":" + image + "}"),
            "poison: has Item twice");
  EXPECT_EQ(read_as(InputForm::full_export, "{}"), R"(poison: is no {"Item": {..}})");
  EXPECT_EQ(read_as(InputForm::incremental, image).substr(0, 6), "poison");
  EXPECT_EQ(read_as(InputForm::kinesis, image), "poison: is no change record: it has no dynamodb object");
  EXPECT_EQ(read_as(InputForm::streams, image), "poison: is no change record: it has no dynamodb object");
  EXPECT_EQ(read_as(InputForm::lambda, image), "poison: is no event: it has no Records array");
  // A record that names neither itself.
  const std::string unmarked = R"({"eventName":"REMOVE","dynamodb":)" + body("", "1480642020") + "}";
  EXPECT_EQ(read_as(InputForm::any, unmarked), R"(streams remove @1480642020000000 keys={"pk":"1"})");
  EXPECT_EQ(read_as(InputForm::streams, unmarked), R"(streams remove @1480642020000000 keys={"pk":"1"})");
  EXPECT_EQ(read_as(InputForm::kinesis, unmarked), R"(kinesis remove @1480642020000 keys={"pk":"1"})");
}

TEST(DecodeRecord, UnpacksAnAggregatedRecord) {
  const std::string data = text_base64_encode(aggregate_of({"a", "b"}));
  const auto unpacked = [](const std::string& sequence) {
    const std::string head = R"({"kinesis":{"sequenceNumber":")" + sequence + R"(","subSequenceNumber":)";
    return "aggregated: {\"Records\":[" + head + R"(0,"data":"YQ=="},"eventSource":"aws:kinesis"},)" + head +
           R"(1,"data":"Yg=="},"eventSource":"aws:kinesis"}]})";
  };
  const auto in_envelope = [&](const std::string& members) {
    return R"({"kinesis":{"data":")" + data + "\"" + members + R"(},"eventSource":"aws:kinesis"})";
  };
  EXPECT_EQ(read(in_envelope(R"(,"sequenceNumber":"0042")")), unpacked("42"));
  EXPECT_EQ(read(in_envelope("")), unpacked(""));
  EXPECT_EQ(read(R"({"Data":")" + data + R"(","SequenceNumber":"42"})"), unpacked("42"));
  EXPECT_EQ(read(in_envelope(R"(,"sequenceNumber":"4 2")")), "poison: has a sequence number that is no number");
  EXPECT_EQ(read(in_envelope(R"(,"subSequenceNumber":0)")),
            "poison: is an aggregated record inside of an aggregated record");
  const std::string damaged = text_base64_encode(aggregate_around("\x1A"));
  EXPECT_EQ(read(R"({"kinesis":{"data":")" + damaged + "\"}}"),
            "poison: is an aggregated record whose protocol buffer is damaged");
}

TEST(DecodeRecord, KnowsWhatLambdaWroteOfAFailedBatch) {
  EXPECT_EQ(read(R"({"requestContext":{},"payload":"{\"Records\":[]}"})"), R"(failed batch: {"Records":[]})");
  EXPECT_EQ(read(R"({"payload":"x\u0031","KinesisBatchInfo":{}})"), "failed batch: x1");
  EXPECT_EQ(read(R"({"payload":"x","requestContext":"no object"})").substr(0, 6), "poison");
  EXPECT_EQ(read(R"({"payload":7,"requestContext":{}})").substr(0, 6), "poison");
  EXPECT_EQ(read(R"({"payload":"x","requestContext":{})"), "unfinished at 34");
}

}  // namespace

}  // namespace dynatlas
