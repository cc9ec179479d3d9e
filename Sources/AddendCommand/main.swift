print("addend")
