// SPDX-License-Identifier: Apache-2.0
import { handler } from './function.mjs';
import { serve } from './runtime.mjs';

await serve(handler);
