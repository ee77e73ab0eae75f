// SPDX-License-Identifier: Apache-2.0
package bench;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.KinesisEvent;
import com.amazonaws.services.lambda.runtime.events.StreamsEventResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.BulkWriteOptions;
import com.mongodb.client.model.DeleteOneModel;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.ReplaceOneModel;
import com.mongodb.client.model.ReplaceOptions;
import com.mongodb.client.model.WriteModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bson.Document;

/**
 * What a Lambda author writes with the usual libraries: the new image of each record of a Kinesis event replaces the document of
 * its key, all in one unordered bulk write. No version guard and no tombstones: less work than dynatlas does.
 */
public final class Handler implements RequestHandler<KinesisEvent, StreamsEventResponse> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ReplaceOptions UPSERT = new ReplaceOptions().upsert(true);
  private static final BulkWriteOptions UNORDERED = new BulkWriteOptions().ordered(false);

  private final MongoClient client = MongoClients.create(System.getenv("MONGODB_URI"));
  private final MongoDatabase database = client.getDatabase("dynamodb");

  @Override
  public StreamsEventResponse handleRequest(KinesisEvent event, Context context) {
    Map<String, List<WriteModel<Document>>> operations = new TreeMap<>(); // of each table
    for (KinesisEvent.KinesisEventRecord record : event.getRecords()) {
      JsonNode change = read(record.getKinesis().getData());
      operations.computeIfAbsent(change.get("tableName").textValue(), table -> new ArrayList<>()).add(operation(change));
    }
    operations.forEach((table, ofTable) -> database.getCollection(table).bulkWrite(ofTable, UNORDERED));
    return new StreamsEventResponse(List.of());
  }

  private static JsonNode read(ByteBuffer data) {
    try {
      return JSON.readTree(data.array(), data.arrayOffset() + data.position(), data.remaining());
    } catch (IOException fault) {
      throw new UncheckedIOException(fault);
    }
  }

  private static WriteModel<Document> operation(JsonNode change) {
    JsonNode keys = change.get("dynamodb").get("Keys");
    Object id = keys.size() == 1 ? Items.value(keys.iterator().next()) : Items.document(keys);
    if (change.get("eventName").textValue().equals("REMOVE")) return new DeleteOneModel<>(Filters.eq(id));
    Document document = new Document("_id", id);
    document.putAll(Items.document(change.get("dynamodb").get("NewImage")));
    return new ReplaceOneModel<>(Filters.eq(id), document, UPSERT);
  }
}
