// SPDX-License-Identifier: BSD-2-Clause
// Segment's own client for Node.js against HOST: send.js HOST KEY COMMAND. What it heard is
// printed as one JSON object: events delivered, why others failed, and how many requests it made.
'use strict';

const { Analytics } = require('@segment/analytics-node');

const [host, writeKey, command] = process.argv.slice(2);
const heard = { delivered: [], failed: [], requests: 0 };
const userId = 'shopper-1';

const commands = {
  // Who it is, and what lay in the cart when the shop was left.
  cart(analytics) {
    analytics.identify({
      userId, anonymousId: 'browser-1', messageId: 'seg-1',
      traits: { email: 'ada@segment.example', firstName: 'Ada', lastName: 'Löwe' },
    });
    analytics.page({ userId, name: 'Kettles', properties: { url: 'https://shop.example/k' } });
    for (const [id, name, price, quantity] of [['K1', 'Kettle', 49.95, 2], ['T1', 'Teapot', 19.95, 1]]) {
      analytics.track({
        userId, event: 'Product Added',
        properties: { cart_id: 'c1', product_id: id, name, price, quantity },
      });
    }
  },
  // The same again, by its id, and a hundred others: several batches.
  batch(analytics) {
    for (let i = 0; i < 100; i++)
      analytics.track({ anonymousId: 'browser-1', event: 'Counted', messageId: `count-${i}`, properties: { i } });
    analytics.identify({ userId, messageId: 'seg-1', traits: { email: 'ada@segment.example', firstName: 'Eve' } });
  },
  order(analytics) {
    analytics.track({ userId, event: 'Order Completed', properties: { cart_id: 'c1', order_id: 'o1' } });
  },
};

(async () => {
  const analytics = new Analytics({ host, writeKey, flushAt: command === 'batch' ? 40 : 15, flushInterval: 500, maxRetries: 10 });
  analytics.on('error', (error) => heard.failed.push(String(error.reason || error.code)));
  analytics.on('http_request', () => heard.requests++);
  for (const kind of ['identify', 'track', 'page'])
    analytics.on(kind, (context) => heard.delivered.push([kind, context.event.messageId]));
  commands[command](analytics);
  await analytics.closeAndFlush({ timeout: 30000 });
  console.log(JSON.stringify(heard));
})();
