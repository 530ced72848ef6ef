; Data: what encloses the cursor says where it is; there are no bodies to leave out.
