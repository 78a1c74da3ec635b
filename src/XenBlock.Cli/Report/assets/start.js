"use strict";
xenblk.start();
