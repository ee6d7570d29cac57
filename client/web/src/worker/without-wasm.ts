// The worker for browsers without WebAssembly: the same door, made into JavaScript by the build. Some twenty times slower.

import * as door from "door-without-wasm";
import { serve } from "./answering";

serve(door, "javascript");
