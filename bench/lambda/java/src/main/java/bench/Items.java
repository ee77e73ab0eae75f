// SPDX-License-Identifier: Apache-2.0
package bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bson.Document;
import org.bson.types.Binary;
import org.bson.types.Decimal128;

/** DynamoDB's JSON as what MongoDB's driver stores. */
final class Items {
  private static final int DECIMAL128_DIGITS = 34;

  private Items() {}

  static Document document(JsonNode attributes) {
    Document document = new Document();
    for (Map.Entry<String, JsonNode> attribute : attributes.properties()) {
      document.append(attribute.getKey(), value(attribute.getValue()));
    }
    return document;
  }

  static Object value(JsonNode typed) {
    Map.Entry<String, JsonNode> entry = typed.properties().iterator().next();
    JsonNode value = entry.getValue();
    return switch (entry.getKey()) {
      case "S" -> value.textValue();
      case "N" -> number(value.textValue());
      case "B" -> binary(value.textValue());
      case "BOOL" -> value.booleanValue();
      case "NULL" -> null;
      case "M" -> document(value);
      case "L" -> list(value, Items::value);
      case "SS" -> list(value, JsonNode::textValue);
      case "NS" -> list(value, member -> number(member.textValue()));
      case "BS" -> list(value, member -> binary(member.textValue()));
      default -> throw new IllegalArgumentException("no type of DynamoDB: " + entry.getKey());
    };
  }

  private static List<Object> list(JsonNode array, Function<JsonNode, Object> read) {
    List<Object> list = new ArrayList<>(array.size());
    for (JsonNode element : array) list.add(read.apply(element));
    return list;
  }

  /** Exactly, but for the numbers that MongoDB cannot hold: those stay text. */
  private static Object number(String text) {
    if (isShortInteger(text)) {
      long value = Long.parseLong(text);
      return value == (int) value ? (Object) (int) value : (Object) value;
    }
    BigDecimal value = new BigDecimal(text);
    return value.precision() <= DECIMAL128_DIGITS ? new Decimal128(value) : text;
  }

  private static boolean isShortInteger(String text) {
    return text.length() <= 18 && text.chars().allMatch(c -> c == '-' || (c >= '0' && c <= '9'));
  }

  /** The Kinesis destination writes binaries base64 twice. */
  private static Binary binary(String text) {
    byte[] once = Base64.getDecoder().decode(text.getBytes(StandardCharsets.ISO_8859_1));
    return new Binary(Base64.getDecoder().decode(once));
  }
}
